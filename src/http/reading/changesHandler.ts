import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import { Changes } from "../../counters/Changes.ts"
import type { Consistency } from "../../counters/ConsistentReads.ts"
import { Counters } from "../../counters/Counters.ts"
import type { FeedPlace } from "../../counters/FeedPlace.ts"
import type { Change, FeedPage } from "../../counters/readFeedPage.ts"
import { userRef } from "../../event-log/pseudonym.ts"
import { Breather } from "../../platform/Breather.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { badQuery } from "../problems/badQuery.ts"
import * as Problems from "../problems/problems.ts"
import { readingProblems } from "../problems/readingProblems.ts"
import { type ChangedDocument, changedDocuments, maxDocuments } from "./changedDocuments.ts"
import { decodeChangesCursor, encodeChangesCursor } from "./ChangesCursor.ts"
import { consistencyOf } from "./consistencyOf.ts"
import { inReadSlot } from "./inReadSlot.ts"
import { sectionsOf } from "./sectionsOf.ts"

interface Query {
  readonly cursor?: string
  readonly from?: "start" | "now"
  readonly include?: string
  readonly limit?: string
  readonly wait?: string
  readonly consistency?: "strong" | "eventual"
}

/** The sections of the documents that are asked for. */
interface Sections {
  readonly sections: ReadonlyArray<string>
  readonly areNamed: boolean
}

interface ChangesRequest {
  readonly query: Query
  readonly request: HttpServerRequest.HttpServerRequest
}

/**
 * Whose counters may have changed since a cursor; without one a cursor for now, or every user from
 * the start.
 */
export const changesHandler = Effect.map(Effect.all([Changes, Counters, inReadSlot]), ([changes, counters, inSlot]) => {
  /** Where to begin, and how long to wait there; undefined for a cursor that is none. */
  const beginning = ({ cursor, from, wait }: Query, tenant: Tenant, consistency: Consistency) =>
    cursor === undefined
      ? Effect.map(from === "start" ? changes.start(consistency) : changes.now(consistency), (place) => ({ place, waitSeconds: 0 }))
      : Effect.sync(() => {
        const place = decodeChangesCursor(tenant, cursor)
        return place === undefined ? undefined : { place, waitSeconds: Number(wait ?? 30) }
      })

  /** A page that has room for its documents: once more with fewer users as long as it has not. */
  const withDocuments = Effect.fnUntraced(function*(
    tenant: Tenant,
    from: FeedPlace,
    first: FeedPage,
    sections: Sections | undefined
  ) {
    for (let page = first;;) {
      if (sections === undefined) return { page, documents: [] }
      const documents = yield* changedDocuments(counters, tenant, page.changes.map(({ user_id }) => user_id), sections)
      if (documents.length === page.changes.length) return { page, documents }
      const limit = page.erased.length + documents.length
      page = yield* changes.after(tenant, from, { limit, waitSeconds: 0, consistency: { _tag: "Eventual" } })
    }
  })

  const documentSections = (include: string | undefined) =>
    include === undefined
      ? Effect.undefined
      : Effect.map(sectionsOf(include, [...counters.sections, everySection]), (sections): Sections =>
        sections.includes(everySection)
          ? { sections: counters.sections, areNamed: false }
          : { sections, areNamed: true })

  return Effect.fnUntraced(
    function*({ query, request }: ChangesRequest) {
      const tenant = yield* CurrentTenant
      if (query.cursor !== undefined && query.from !== undefined) return yield* badQuery("from", "It does not go with cursor.")
      const sections = yield* documentSections(query.include)
      const consistency = yield* consistencyOf(request, query.consistency)
      const begun = yield* beginning(query, tenant, consistency)
      if (begun === undefined) return yield* badQuery("cursor", "It is not a next_cursor of changes.")
      const { place, waitSeconds } = begun
      const asked = Number(query.limit ?? 500)
      const limit = sections === undefined ? asked : Math.min(asked, maxDocuments)
      const first = query.cursor === undefined && query.from !== "start"
        ? { kept: undefined, erased: [], changes: [], next: place }
        : yield* changes.after(tenant, place, { limit, waitSeconds, consistency })
      const { documents, page } = yield* withDocuments(tenant, place, first, sections)
      return yield* conditionalJson(request, {
        kept: page.kept ?? null,
        erased: page.erased,
        changes: yield* shown(tenant, page.changes, documents),
        next_cursor: encodeChangesCursor(tenant, page.next)
      })
    },
    inSlot,
    Effect.catchTags({
      TooManyReads: readingProblems.TooManyReads,
      TooManyPolls: ({ limit }) => Effect.fail(new Problems.TooManyPolls({ limit })),
      ProjectionBehind: readingProblems.ProjectionBehind,
      ProjectionFailing: readingProblems.ProjectionFailing,
      ProjectionNotBuilt: readingProblems.ProjectionNotBuilt,
      // An eventual reading tells of parked users and does not fail for them.
      ProjectionParked: Effect.die,
      DatabaseUnavailable: readingProblems.DatabaseUnavailable
    })
  )
})

/** What `include` says for all sections. */
const everySection = "all"

const shown = Effect.fnUntraced(function*(tenant: Tenant, changes: ReadonlyArray<Change>, documents: ReadonlyArray<ChangedDocument>) {
  const breather = new Breather()
  const all: Array<object> = []
  for (const [index, { position, slice, user_id }] of changes.entries()) {
    all.push({ user_id, ref: userRef(tenant.keyNamespace, user_id), slice, position, ...documents[index] })
    if (breather.isDue) yield* breather.rest
  }
  return all
})
