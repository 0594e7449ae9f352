import type { AnyProjection } from "../projection/Projection.ts"

/** A version of a projection, by name and number. Every projection is one. */
export type VersionRef = Pick<AnyProjection, "name" | "version">

/** `casino v2`: one text for a version, for maps, sets and messages. */
export const versionId = ({ name, version }: VersionRef): string => `${name} v${version}`

/** Whether two versions are the same one. */
export const isSameVersion = (a: VersionRef, b: VersionRef): boolean => a.name === b.name && a.version === b.version
