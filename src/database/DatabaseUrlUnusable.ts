import * as Schema from "effect/Schema"

/**
 * A setting with the URL of a database cannot be used.
 *
 * `message` names the setting and the reason, and shows none of the URL's secrets.
 */
export class DatabaseUrlUnusable
  extends Schema.TaggedError<DatabaseUrlUnusable>("playtally/database/DatabaseUrlUnusable")("DatabaseUrlUnusable", {
    message: Schema.String
  })
{}
