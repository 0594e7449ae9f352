/**
 * How the operator calls the commands, for messages that name one: in a working copy by npm, and
 * where the package is installed by its own name.
 */
export const cli = import.meta.url.endsWith(".ts") ? "npm run cli --" : "npx playtally"
