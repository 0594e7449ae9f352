/** The days of one time zone. Days are counted from 1970-01-01; instants are epoch milliseconds. */
export interface Calendar {
  /** The date that a calendar in the zone shows at an instant. */
  readonly day: (instant: number) => number
  /**
   * The first instant of a day. If the zone left the day out, as Samoa did with 2011-12-30, it is
   * the first instant of the next day.
   */
  readonly start: (day: number) => number
  /**
   * The place of a day in the row of days that the zone had. Days next to each other have places
   * next to each other, whatever dates the zone left out. From the last date that was left out on,
   * the place is the day itself. Before, it is greater by one for each date that was left out
   * later.
   */
  readonly place: (day: number) => number
  /** The day at a {@link place}. */
  readonly dayAt: (place: number) => number
}
