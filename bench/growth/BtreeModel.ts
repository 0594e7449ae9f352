/** Bytes of PostgreSQL's pages. */
export const pageBytes = 8192

/** What a page of a B-tree has for entries: not its header, not its 16 bytes at the end. */
export const btreeUsable = pageBytes - 24 - 16

/** What a page of a table has for rows with their line pointers. */
export const heapUsable = pageBytes - 24

const aligned = (bytes: number) => Math.ceil(bytes / 8) * 8

/** Bytes of an index entry whose columns take so many, with its header and its line pointer. */
export const entryBytes = (columns: number): number => 4 + aligned(8 + columns)

/**
 * The fill of pages whose keys come at random places.
 *
 * A full page is split in half, and its halves fill up in no step with the others: ln 2 on average
 * (Yao, "On random 2-3 trees", 1978).
 */
export const randomFill = Math.LN2

/** The shape of a B-tree. */
export interface BtreeShape {
  readonly leaves: number
  readonly innerPages: number
  /** The leaves included. */
  readonly levels: number
  readonly bytes: number
}

/**
 * The shape of a B-tree of so many leaves.
 *
 * `pivotBytes` is an entry of the pages above the leaves, which are filled at random too. A page of
 * the file is the tree's meta page.
 */
export const btreeOf = (leaves: number, pivotBytes: number): BtreeShape => {
  const fanout = randomFill * (btreeUsable - pivotBytes) / pivotBytes
  let innerPages = 0
  let levels = 1
  for (let pages = leaves; pages > 1; levels++) {
    // A root has all of a page before it is split.
    pages = pages * pivotBytes <= btreeUsable ? 1 : Math.ceil(pages / fanout)
    innerPages += pages
  }
  return { leaves, innerPages, levels, bytes: (leaves + innerPages + 1) * pageBytes }
}

/**
 * How many leaves hold so many entries at a fill.
 *
 * Each leaf also has a key that ends it, which is as long as a pivot.
 */
export const leavesOf = (
  entries: number,
  shape: { readonly entryBytes: number; readonly pivotBytes: number; readonly fill: number }
): number => Math.max(1, Math.ceil(entries * shape.entryBytes / (shape.fill * (btreeUsable - shape.pivotBytes))))

/** How many of so many pages are touched by touches that each meet any of them alike. */
export const touchedOf = (pages: number, touches: number): number =>
  pages <= 1 ? Math.min(pages, touches) : -pages * Math.expm1(touches * Math.log1p(-1 / pages))

/** What part of the users plays, and how much. */
export interface Activity {
  /** The part of the users that are active, 0 to 1. */
  readonly active: number
  /** Events of each of them. */
  readonly events: number
}

/**
 * The part of an index's leaves that active users touch, if a user's entries stand together, in
 * random order among them, and take `pagesPerUser` leaves.
 *
 * A leaf meets `1 + 1 / pagesPerUser` users. Each of them has `1 / (1 + pagesPerUser)` of the
 * user's entries in the leaf, on average.
 */
export const touchedShare = (pagesPerUser: number, { active, events }: Activity): number => {
  const untouchedByOne = 1 - active * -Math.expm1(events * Math.log1p(-1 / (1 + pagesPerUser)))
  return 1 - untouchedByOne ** (1 + 1 / pagesPerUser)
}
