/**
 * The result of one check.
 *
 * - `wrong` breaks a promise of the service: acknowledged events may be lost, nothing can be
 *   stored, or it does not start.
 * - `warning` costs speed or safety.
 *
 * `mend` is a statement or a command that mends it.
 */
export interface Finding {
  readonly level: "ok" | "warning" | "wrong"
  readonly subject: string
  readonly says: string
  readonly mend?: string
}

type Make = (subject: string, says: string, mend?: string) => Finding

const made = (level: Finding["level"]): Make => (subject, says, mend) => ({
  level,
  subject,
  says,
  ...mend === undefined ? {} : { mend }
})

export const ok = made("ok")
export const warning = made("warning")
export const wrong = made("wrong")
