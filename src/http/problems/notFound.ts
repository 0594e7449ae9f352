import { HttpApiError } from "effect/http-api"

/* Problems of what the request names: it is not there. Sending it again alone changes nothing. */

/** The API has no such path. A typing mistake in the URL, or a client of another version. */
export class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", {
  type: "not-found",
  status: 404,
  title: "There is nothing at this path"
}) {}

/** The path is served, but not with this method. The header `Allow` names those that are. */
export class MethodNotAllowed extends HttpApiError.Problem<MethodNotAllowed>()("MethodNotAllowed", {
  type: "method-not-allowed",
  status: 405,
  title: "The path does not have this method"
}) {}

/**
 * The tenant has no events of the user, or had none at `as_of`.
 *
 * Met by a reader who is ahead of the sender, and for an erased user. The user is found with the
 * first event.
 */
export class UserNotFound extends HttpApiError.Problem<UserNotFound>()("UserNotFound", {
  type: "user-not-found",
  status: 404,
  title: "The user has no events"
}) {}

/**
 * The service has nothing of the user: no events, no rejected items, no trace of an erasure.
 *
 * Met only where a user is to be erased: there is nothing to do.
 */
export class NothingKnown extends HttpApiError.Problem<NothingKnown>()("NothingKnown", {
  type: "nothing-known",
  status: 404,
  title: "Nothing is known of the user"
}) {}

/** No event of the user counts on this board in this period. The user may be on others. */
export class UserNotOnLeaderboard extends HttpApiError.Problem<UserNotOnLeaderboard>()("UserNotOnLeaderboard", {
  type: "user-not-on-leaderboard",
  status: 404,
  title: "The user has no score on this leaderboard"
}) {}

/**
 * The path is one that the counters document can have, and this user's never had.
 *
 * Met where a counter is to be explained: its value is what the document has without it.
 */
export class CounterNotFound extends HttpApiError.Problem<CounterNotFound>()("CounterNotFound", {
  type: "counter-not-found",
  status: 404,
  title: "The user's counters have never had a value at the path"
}) {}
