/** The page of a job. */
export const jobPath = (id: number): string => `/console/jobs/${id}`
