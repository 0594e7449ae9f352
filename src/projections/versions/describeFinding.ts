import type { Finding } from "./verifyVersion.ts"

/** What a verification has found, in words. */
export const describeFinding = (finding: Finding): string => {
  switch (finding._tag) {
    case "Difference": {
      const { column, expected, row, stored, userId } = finding.difference
      const place = [userId, row, column].filter((part) => part !== "").join(" ")
      return `${place} is ${stored ?? "missing"}, should be ${expected ?? "absent"}`
    }
    case "RowsWithoutEvents":
      return `${finding.user.userId} has rows but no events`
    case "WrongBuckets":
      return `${finding.buckets} buckets of its ranks count wrongly`
  }
}
