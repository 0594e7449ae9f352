import { Argument, Flag } from "effect/cli"

/** The name of a projection. */
export const nameOfProjection = Argument.String("projection").pipe(Argument.withDescription("Name of the projection, such as casino"))

/** The name of a projection, where all are meant without one. */
export const onlyProjection = Argument.String("projection").pipe(Argument.withDescription("Only this projection"), Argument.optional)

/** Which version of it, where the newest in the code is not meant. */
export const versionFlag = Flag.Int("version").pipe(
  Flag.withDescription("The version; the newest in this code unless given"),
  Flag.optional
)
