import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Changes } from "../../counters/changes/Changes.ts"
import type { FeedPlace } from "../../counters/changes/FeedPlace.ts"
import type { Change, FeedPage } from "../../counters/changes/readFeedPage.ts"
import type { Consistency } from "../../counters/ConsistentReads.ts"
import { Counters } from "../../counters/Counters.ts"
import { userRef } from "../../event-log/pseudonym.ts"
import { Breather } from "../../platform/Breather.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import {
  AnswerTooLarge,
  ProjectionBehind,
  ProjectionFailing,
  ProjectionNotBuilt,
  readingProblems,
  TooManyPolls,
  TooManyRows
} from "../problems/readings.ts"
import { badQuery } from "../problems/requests.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { type ChangedDocument, changedDocuments, maxDocuments } from "./changedDocuments.ts"
import { decodeChangesCursor, encodeChangesCursor } from "./ChangesCursor.ts"
import { counterSections, CountersSchema } from "./CountersSchema.ts"
import { busy, document, ifNoneMatch, Ref } from "./document.ts"
import { inReadSlot } from "./inSlot.ts"
import {
  askedSections,
  consistency,
  consistencyOf,
  include,
  includeDetails,
  numeral,
  numeralDetails,
  prefer,
  type Sections
} from "./parameters.ts"

const Slice = Schema.Natural.annotate({ description: "The part of the log that the user's events are in" })

const ChangeSchema = Schema.Struct({
  user_id: Schema.String,
  ref: Ref,
  slice: Slice,
  position: Schema.Natural.annotate({ description: "Position in the slice that the user's counters have reached" }),
  document: Schema.optionalKey(Schema.NullOr(CountersSchema)).annotate({
    description:
      "With `include`: the user's counters, as new as the change or newer; null for a user who is being erased, which is told by itself"
  }),
  problem: Schema.optionalKey(Schema.Union([TooManyRows, AnswerTooLarge])).annotate({
    description: "With `include`: why there is no document"
  })
}).annotate({ identifier: "Change" })

/** Readers apply the members in this order. */
const ChangesSchema = Schema.Struct({
  kept: Schema.NullOr(
    Schema.Struct({
      generation: Schema.Natural.annotate({ description: "Later generations are lost" }),
      slices: Schema.Array(Schema.Struct({ slice: Slice, position: Schema.Natural }).annotate({ identifier: "KeptSlice" })).annotate({
        description: "Slices whose history has ended. Events after the position are lost"
      })
    }).annotate({ identifier: "Kept" })
  ).annotate({
    description:
      "Null but after PostgreSQL was restarted, replaced or restored. Of the users of these slices, read every one again of whom you have a document of a " +
      "later position than its slice or with a later generation, and forget those who are not found."
  }),
  erased: Schema.Array(Schema.Struct({ ref: Ref, slice: Slice }).annotate({ identifier: "ErasedUser" })).annotate({
    description:
      "Users who were erased, by the `ref` of their documents: forget them. Who is known again is among the changes of this answer or a later one."
  }),
  changes: Schema.Array(ChangeSchema).annotate({ description: "Each user once, in no order" }),
  next_cursor: Schema.String.annotate({ description: "For `cursor`, to go on" })
}).annotate({ identifier: "Changes", description: "What has changed after the cursor. Apply `kept`, then `erased`, then `changes`." })

/** What `include` says for all sections. */
const everySection = "all"

const pageSize = { minimum: 1, maximum: 5000, default: 500 }
const waitSeconds = { minimum: 0, maximum: 60, default: 30 }

export const changes = HttpApiEndpoint.get("changes", "/api/v1/changes", {
  query: {
    cursor: Schema.optionalKey(Schema.String),
    from: Schema.optionalKey(Schema.Literals(["start", "now"])),
    include,
    limit: numeral(pageSize),
    wait: numeral(waitSeconds),
    consistency
  },
  success: document(ChangesSchema),
  error: [TooManyPolls, ProjectionBehind, ProjectionFailing, ProjectionNotBuilt, ...busy]
}).annotateMerge(OpenApi.annotations({
  identifier: "getChanges",
  summary: "Whose counters may have changed",
  description:
    "Ask once with `from=start`, then go on with each answer's `next_cursor` for ever. Every user is told once, and then every change at least once, whatever " +
    "happens on the way; it is in the counters by then. Changes without events are told too: another version of a projection, the rebuild of a user, another " +
    "time zone, an erasure, a log that lost events. An answer may be empty before all has been told; its cursor is still a step forward. A change whose " +
    "position and generations a reader has already is told again now and then.",
  transform: parameterDetails({
    query: {
      cursor: { description: "`next_cursor` of any answer before." },
      from: {
        description:
          "Where to begin without a cursor. start: every user of the tenant is told once, in pages. now: the answer is empty, and its cursor is where things stand.",
        schema: { type: "string", enum: ["start", "now"], default: "now" }
      },
      include: {
        ...includeDetails([everySection, ...counterSections]),
        description:
          `Answers each user's document with these sections; \`all\` for all that can be read now. Up to ${maxDocuments} users, and fewer if the ` +
          "documents have more than 8 MiB."
      },
      limit: numeralDetails("Most users in an answer", pageSize),
      wait: numeralDetails("Seconds to wait for a change if there is none. 0: one bounded look. Without a cursor nobody waits", waitSeconds)
    },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))

type Query = RequestOf<typeof changes>["query"]

/**
 * Whose counters may have changed since a cursor. Without one: a cursor for now, or every user from
 * the start.
 */
export const changesHandler = Effect.fnUntraced(
  function*({ query, request }: RequestOf<typeof changes>) {
    const tenant = yield* CurrentTenant
    if (query.cursor !== undefined && query.from !== undefined) return yield* badQuery("from", "It does not go with cursor.")
    const sections = yield* documentSections(query.include)
    const consistency = yield* consistencyOf(request, query.consistency)
    const place = yield* beginning(query, tenant, consistency)
    if (place === undefined) return yield* badQuery("cursor", "It is not a next_cursor of changes.")
    const first = yield* firstPage(query, place, { tenant, consistency, sections })
    const { documents, page } = sections === undefined
      ? { page: first, documents: [] }
      : yield* withDocuments({ tenant, from: place, first, sections })
    return yield* conditionalJson(request, {
      kept: page.kept ?? null,
      erased: page.erased,
      changes: yield* shown(tenant, page.changes, documents),
      next_cursor: encodeChangesCursor(tenant, page.next)
    })
  },
  inReadSlot,
  Effect.catchTags({
    TooManyReads: readingProblems.TooManyReads,
    TooManyPolls: ({ limit }) => Effect.fail(new TooManyPolls({ limit })),
    ProjectionBehind: readingProblems.ProjectionBehind,
    ProjectionFailing: readingProblems.ProjectionFailing,
    ProjectionNotBuilt: readingProblems.ProjectionNotBuilt,
    // An eventual reading tells of parked users and does not fail for them.
    ProjectionParked: Effect.die,
    DatabaseUnavailable: readingProblems.DatabaseUnavailable
  })
)

/** The sections of the documents that are asked for; undefined without `include`. */
const documentSections = Effect.fnUntraced(function*(included: string | undefined) {
  if (included === undefined) return undefined
  const { sections } = yield* Counters
  const asked = yield* askedSections(included, [...sections, everySection])
  return asked.sections.includes(everySection) ? { sections, areNamed: false } : asked
})

/** Where to begin; undefined for a cursor that is none. */
const beginning = Effect.fnUntraced(function*({ cursor, from }: Query, tenant: Tenant, consistency: Consistency) {
  if (cursor !== undefined) return decodeChangesCursor(tenant, cursor)
  const { now, start } = yield* Changes
  return yield* from === "start" ? start(consistency) : now(consistency)
})

/** The changes behind a place. Only a reader with a cursor waits for one. */
const firstPage = Effect.fnUntraced(function*(
  { cursor, from, limit, wait }: Query,
  place: FeedPlace,
  { consistency, sections, tenant }: { readonly tenant: Tenant; readonly consistency: Consistency; readonly sections: Sections | undefined }
) {
  if (cursor === undefined && from !== "start") return { kept: undefined, erased: [], changes: [], next: place } satisfies FeedPage
  const asked = Number(limit ?? pageSize.default)
  const { after } = yield* Changes
  return yield* after(tenant, place, {
    limit: sections === undefined ? asked : Math.min(asked, maxDocuments),
    waitSeconds: cursor === undefined ? 0 : Number(wait ?? waitSeconds.default),
    consistency
  })
})

/** A page with all of its documents: read again with fewer users until these fit. */
const withDocuments = Effect.fnUntraced(function*({ first, from, sections, tenant }: {
  readonly tenant: Tenant
  readonly from: FeedPlace
  readonly first: FeedPage
  readonly sections: Sections
}) {
  const counters = yield* Counters
  const { after } = yield* Changes
  for (let page = first;;) {
    const userIds = page.changes.map(({ user_id }) => user_id)
    const documents = yield* changedDocuments(counters, { tenant, userIds, ...sections })
    if (documents.length === page.changes.length) return { page, documents }
    const limit = page.erased.length + documents.length
    page = yield* after(tenant, from, { limit, waitSeconds: 0, consistency: { _tag: "Eventual" } })
  }
})

const shown = Effect.fnUntraced(function*(tenant: Tenant, changes: ReadonlyArray<Change>, documents: ReadonlyArray<ChangedDocument>) {
  const breather = new Breather()
  const all: Array<object> = []
  for (const [index, { position, slice, user_id }] of changes.entries()) {
    all.push({ user_id, ref: userRef(tenant.keyNamespace, user_id), slice, position, ...documents[index] })
    if (breather.isDue) yield* breather.rest
  }
  return all
})
