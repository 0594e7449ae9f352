let isAllowed = false

/**
 * Lets this process begin with a folder that is missing or empty: `projections new` writes its
 * first file. Its caller says so before the folder is loaded. Threads have a module of their own,
 * and refuse it.
 */
export const allowEmptyFolder = (): void => {
  isAllowed = true
}

/** Whether this process may begin with a folder that is missing or empty. */
export const mayBeEmpty = (): boolean => isAllowed
