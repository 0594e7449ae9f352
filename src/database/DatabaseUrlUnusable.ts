import * as Schema from "effect/Schema"

/**
 * A setting that holds the URL of a database and cannot be used; `message` says which and why, and
 * shows none of the URL's secrets.
 */
export class DatabaseUrlUnusable
  extends Schema.TaggedError<DatabaseUrlUnusable>("playtally/database/DatabaseUrlUnusable")("DatabaseUrlUnusable", {
    message: Schema.String
  })
{}
