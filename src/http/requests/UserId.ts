import * as Schema from "effect/Schema"
import { Id } from "../../fasttrack/Text.ts"

/** A user in a path or a body. */
export const UserId = Id.annotate({ description: "The user, as the events name it: 1 to 256 characters", examples: ["player-17"] })
  .pipe(Schema.brand("UserId"))
