/** The path of a request's target (`/a/b?c=d`), as it was sent: without the query. */
export const pathOf = (target: string): string => target.slice(0, target.search(/[?#]|$/))
