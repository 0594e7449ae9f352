/* Made of the service's description by `npm run client:types`. */

export interface paths {
    "/api/v1/integrations/fasttrack/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take in a batch of events
         * @description Each item is decoded and stored on its own; one sent before is recognized by its id and counted once. `204`: every item is stored, now or before. `200`: some items were rejected, see the report; the others are stored. `422`: every item was rejected. After any `503`, or without an answer, send the same batch again whole.
         *
         *     Beyond what the schemas say, texts are well-formed Unicode without NUL; numbers have at most 24 digits before the point and 30 after it, all of which count; times lie in the years 1900 to 2200, are in UTC where they name no offset, and are cut to milliseconds; a `timestamp` lies at most 24 hours in the future, unless the service is set otherwise; outcomes and meta are at most 16 levels deep. An item has at most 64 levels and 20,000 JSON values, and takes at most 256 KiB as it is stored, unless the service is set otherwise. Fields that are not here are ignored, and `null` for an optional field is as good as leaving it out.
         */
        post: operations["sendEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/counters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A user's counters
         * @description Every number is a function of the user's stored events: in whatever order, batches and repetitions they came, the counters are the same. Amounts are exact decimals in text, per currency. Without `consistency=strong` they may lack the events of the last moments. A section of more than 1,000 rows, say of currencies, is refused with 422: name others in `include`, or read the SQL view.
         */
        get: operations["getCounters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/counters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The counters of up to 500 users
         * @description The documents as each user's counters are answered on their own. A user named twice is answered once.
         */
        post: operations["getCountersOfUsers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/games": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A user's counters per game
         * @description The counters of casino events and of game rounds once more, per game and currency. Some games by `game_id`, those without events left out; or all of them page by page, in the order of their ids' UTF-8 bytes, each page of its own moment. A game_id of more than 256 characters is shown as its first 191, a space and its SHA-256 in hexadecimal; it is asked for as it is.
         */
        get: operations["getGames"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a user did, day by day
         * @description Per period, product and currency. Each product has its own fields, and products are never added up: FastTrack makes game rounds of the same play as casino events. Payments and sports bets count while they stand: one that is rolled back disappears from the date on which it counted. Casino rollbacks are events of their own and count on their own dates.
         */
        get: operations["getActivity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/leaderboards/{board}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is ahead
         * @description The first users of a board:
         *
         *     - `casino_turnover`: Casino bets less rolled back bets, a rollback in its own period (net_bet_amount).
         *     - `round_turnover`: Bets of game rounds.
         *     - `round_wins`: Game rounds that won more than 0.
         *     - `biggest_multiplier`: Greatest win ÷ bet of a game round, reached when it first came.
         *     - `sports_turnover`: Stakes of sports bets that were approved and not rolled back, in the period of the approval.
         *     - `login_streak`: Most consecutive dates with a login, reached on the date of the last of them.
         *
         *     A user is on a board as soon as an event has an effect on the score there. Scores are exact; they follow the counters at a distance of some seconds unless read with `consistency=strong`.
         */
        get: operations["getLeaderboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/leaderboards/{board}/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A user's rank, and who is near
         * @description The boards and periods are those of the leaderboards themselves. A user without an event that counts there is not on a board: `404`.
         */
        get: operations["getLeaderboardPlace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A user's events
         * @description What is stored of a user, newest first, page by page: the events as they were taken in, amounts as exact decimals in text, with their places in the log. A page ends after about 1 MiB, so it may be shorter than `limit` though `next_cursor` says that there is more. An event that a release before stored with more than 8 MiB has `null` for `data`, and `bytes`.
         */
        get: operations["getEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/counters/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why a counter is what it is
         * @description The events that changed a value of the user's counters, by how much, and to what. Whatever depends on the present, as a current streak does, is taken as of now throughout. The user's events are folded again. A long history may take several requests: 503 `history-unfinished` says how far it has come, and the same request goes on from there.
         */
        get: operations["explainCounter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The tenant's users
         * @description Every user with events, page by page. Erased users are not listed. A mirror of all counters is begun with the changes, `from=start`.
         */
        get: operations["getUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whose counters may have changed
         * @description Ask once with `from=start`, then go on with each answer's `next_cursor` for ever. Every user is told once, and then every change at least once, whatever happens on the way; it is in the counters by then. Changes without events are told too: another version of a projection, the rebuild of a user, another time zone, an erasure, a log that lost events. An answer may be empty before all has been told; its cursor is still a step forward. A change whose position and generations a reader has already is told again now and then.
         */
        get: operations["getChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Erase a user
         * @description Removes the user's personal data for good: from the log, where empty events under a pseudonym keep their places, from the counters and everything else that is derived from it, and from the rejected items. Resends of erased events are duplicates; a new event of the id begins a new user. To erase again is as good as to erase once: after a `503`, or without an answer, send the request again. A user with hundreds of thousands of events is erased in steps: nobody finds the user from the first one on, events that come meanwhile are erased with the others, and a request that has waited for 20 seconds is answered with `202`. To send it again joins what is under way, and `204` says that it has ended.
         */
        delete: operations["eraseUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process runs
         * @description Says nothing of the database: who restarts a process that does not answer looks here.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process can do its work
         * @description Without `for` the question is whether to send it requests. That takes a database that answers and can store, its migrations and a whole log, and a process that was not told to stop. Projections have no say in it: what is stored is counted later. `for=reading` asks whether the numbers follow the log: the projections run, are behind by no more than READY_LAG_SECONDS, and no position is missing. The checks are the same, and `detail` says what is wrong.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics
         * @description In Prometheus' text format.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        ShuttingDown: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "shutting-down";
            /** @enum {number} */
            status: 503;
            /** @enum {string} */
            title: "The service is stopping: send the request again";
        };
        InternalError: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "internal-error";
            /** @enum {number} */
            status: 500;
            /** @enum {string} */
            title: "The service failed: this is a bug in it";
        };
        HeadersTooLarge: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "headers-too-large";
            /** @enum {number} */
            status: 431;
            /** @enum {string} */
            title: "The URL and the headers have too many bytes";
        };
        ExpectationFailed: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "expectation-failed";
            /** @enum {number} */
            status: 417;
            /** @enum {string} */
            title: "The expectation cannot be met";
        };
        RequestTimeout: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "request-timeout";
            /** @enum {number} */
            status: 408;
            /** @enum {string} */
            title: "The request took too long to arrive";
        };
        MalformedRequest: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "malformed-request";
            /** @enum {number} */
            status: 400;
            /** @enum {string} */
            title: "The request is not well-formed HTTP";
        };
        InvalidRequest: {
            detail?: string;
            instance?: string;
            issues: components["schemas"]["RequestIssue"][];
            /** @enum {string} */
            type: "invalid-request";
            /** @enum {number} */
            status: 400;
            /** @enum {string} */
            title: "A part of the request is not as documented";
        };
        RequestIssue: {
            /** @description Where in the request, say ["query", "limit"] */
            path: (string | number)[];
            message: string;
        };
        NotReady: {
            detail?: string;
            instance?: string;
            checks: components["schemas"]["ReadinessChecks"];
            /** @enum {string} */
            type: "not-ready";
            /** @enum {number} */
            status: 503;
            /** @enum {string} */
            title: "The process cannot do its work now";
        };
        ReadinessChecks: {
            /** @description It answers */
            database: boolean;
            /** @description It can store: it is no standby and not read-only */
            writable: boolean;
            /** @description It has exactly this version's schema */
            migrations: boolean;
            /** @description No import into it has been begun and not ended: nothing else can be stored meanwhile */
            log_whole: boolean;
            /** @description The process was told to stop: it still answers, for some seconds */
            draining: boolean;
            projections: {
                /** @description Each of their loops has got something done in the last seconds */
                running: boolean;
                /** @description Positions that are missing in the log: the numbers of these slices' users stand still */
                gaps: components["schemas"]["LogGap"][];
                /** @description Events in the log that are not folded yet. null before the first look */
                lag_events: number | null;
                /** @description Age of the oldest such event; 0 without any. null before the first look */
                lag_seconds: number | null;
                /** @description Events that the leaderboards do not show yet: they gather for some seconds. null before the first look */
                ranking_lag_events: number | null;
                /** @description Age of the oldest such event; 0 without any. null before the first look */
                ranking_lag_seconds: number | null;
                /** @description Users whose events could not be folded; everybody else's numbers go on. null before the first look */
                parked_users: number | null;
            };
            /** @description Each partition, if there are several */
            partitions?: components["schemas"]["PartitionChecks"][];
        };
        PartitionChecks: {
            partition: number;
            /** @description The name of its server */
            server: string;
            /** @description It is moving to another server */
            moving: boolean;
            /** @description It answers */
            database: boolean;
            /** @description It can store: it is no standby and not read-only */
            writable: boolean;
            /** @description It has exactly this version's schema */
            migrations: boolean;
            /** @description No import into it has been begun and not ended: nothing else can be stored meanwhile */
            log_whole: boolean;
            /** @description Its projections are fed */
            running: boolean;
            /** @description Events of the partition that are not folded yet. null before the first look */
            lag_events: number | null;
            /** @description Age of the oldest such event; 0 without any. null before the first look */
            lag_seconds: number | null;
        };
        LogGap: {
            slice: number;
            position: number;
        };
        /** @description It can do its work */
        Ready: {
            /** @enum {string} */
            status: "ready";
            checks: components["schemas"]["ReadinessChecks"];
        };
        /** @description The process runs */
        Health: {
            /** @enum {string} */
            status: "ok";
        };
        TooManyRequests: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "too-many-requests";
            /** @enum {number} */
            status: 429;
            /** @enum {string} */
            title: "There is more than is taken in a second: send the request again later";
        };
        Forbidden: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "forbidden";
            /** @enum {number} */
            status: 403;
            /** @enum {string} */
            title: "The key does not have the scope this needs";
        };
        Unauthenticated: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "unauthenticated";
            /** @enum {number} */
            status: 401;
            /** @enum {string} */
            title: "There is no valid key in the request";
        };
        Unavailable: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "unavailable";
            /** @enum {number} */
            status: 503;
            /** @enum {string} */
            title: "The database cannot be reached or used: send the request again later";
        };
        NothingKnown: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "nothing-known";
            /** @enum {number} */
            status: 404;
            /** @enum {string} */
            title: "Nothing is known of the user";
        };
        /** @description The user is not found any more, and the erasure goes on by itself: to hear of its end, send the request again */
        ErasureUnderWay: {
            /** @description Events that are empty by now */
            erased_events: number;
            /** @description The part of the user's slice of the log that has been gone through, from 0 to 1 */
            progress: number;
        };
        AnswerTooLarge: {
            detail?: string;
            instance?: string;
            /** @description The most bytes of an answer */
            limit: number;
            /** @enum {string} */
            type: "answer-too-large";
            /** @enum {number} */
            status: 422;
            /** @enum {string} */
            title: "The answer would have too many bytes: ask for less at once";
        };
        ProjectionNotBuilt: {
            detail?: string;
            instance?: string;
            projections: string[];
            /** @enum {string} */
            type: "projection-not-built";
            /** @enum {number} */
            status: 409;
            /** @enum {string} */
            title: "A projection was never rebuilt from the log: it has no numbers until an operator does so";
        };
        ProjectionFailing: {
            detail?: string;
            instance?: string;
            projections: string[];
            /** @enum {string} */
            type: "projection-failing";
            /** @enum {number} */
            status: 501;
            /** @enum {string} */
            title: "The code of this process cannot make some of the counters: sending the request again is of no use until it is mended";
        };
        Overloaded: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "overloaded";
            /** @enum {number} */
            status: 503;
            /** @enum {string} */
            title: "There is too much in flight: send the request again later";
        };
        ProjectionBehind: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "projection-behind";
            /** @enum {number} */
            status: 503;
            /** @enum {string} */
            title: "The projections did not reach the log in time";
        };
        TooManyReads: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "too-many-reads";
            /** @enum {number} */
            status: 429;
            /** @enum {string} */
            title: "The tenant has too many readings under way: send the request again later";
        };
        TooManyPolls: {
            detail?: string;
            instance?: string;
            /** @description The most that may wait at once */
            limit: number;
            /** @enum {string} */
            type: "too-many-polls";
            /** @enum {number} */
            status: 429;
            /** @enum {string} */
            title: "The tenant has too many requests waiting for changes";
        };
        /** @description What has changed after the cursor. Apply `kept`, then `erased`, then `changes`. */
        Changes: {
            /** @description Null but after PostgreSQL was restarted, replaced or restored. Of the users of these slices, read every one again of whom you have a document of a later position than its slice or with a later generation, and forget those who are not found. */
            kept: components["schemas"]["Kept"] | null;
            /** @description Users who were erased, by the `ref` of their documents: forget them. Who is known again is among the changes of this answer or a later one. */
            erased: components["schemas"]["ErasedUser"][];
            /** @description Each user once, in no order */
            changes: components["schemas"]["Change"][];
            /** @description For `cursor`, to go on */
            next_cursor: string;
        };
        Change: {
            user_id: string;
            /** @description Stands for the user where the id may not: the feed of changes names an erased user by it. Always the same for an id, and says nothing about it. */
            ref: string;
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description Position in the slice that the user's counters have reached */
            position: number;
            /** @description With `include`: the user's counters, as new as the change or newer; null for a user who is being erased, which is told by itself */
            document?: components["schemas"]["Counters"] | null;
            /** @description With `include`: why there is no document */
            problem?: components["schemas"]["TooManyRows"] | components["schemas"]["AnswerTooLarge"];
        };
        TooManyRows: {
            detail?: string;
            instance?: string;
            /** @description The section that has them */
            section: string;
            /** @description The most rows that are answered */
            limit: number;
            /** @enum {string} */
            type: "too-many-rows";
            /** @enum {number} */
            status: 422;
            /** @enum {string} */
            title: "The answer would have too many rows: ask for less at once, or read the SQL view";
        };
        /** @description The sections asked for; without `include`, all of them */
        Counters: {
            user_id: string;
            /** @description Stands for the user where the id may not: the feed of changes names an erased user by it. Always the same for an id, and says nothing about it. */
            ref: string;
            /** @description IANA name of the zone in which the tenant's days begin */
            time_zone: string;
            /** @description Position in the user's slice of the log up to which the counters are complete */
            position: number;
            /** @description For each section a number that grows when its numbers change without an event: by another version, the rebuild of a user, another time zone, a log that lost events. 0 if they never did. The feed of changes tells it too. */
            generations: {
                [key: string]: number;
            };
            /** @description By currency, upper-cased */
            casino?: {
                [key: string]: components["schemas"]["CasinoCounters"];
            };
            /** @description By currency, upper-cased */
            game_rounds?: {
                [key: string]: components["schemas"]["GameRoundsCounters"];
            };
            /** @description By currency, upper-cased */
            payments?: {
                [key: string]: components["schemas"]["PaymentsCounters"];
            };
            /** @description By currency, upper-cased */
            sports?: {
                [key: string]: components["schemas"]["SportsCounters"];
            };
            win_streak?: components["schemas"]["WinStreak"];
            logins?: components["schemas"]["Logins"];
            /** @description The account as last registered or updated, null before that */
            profile?: components["schemas"]["Profile"] | null;
            /** @description Sections that stopped at one of the user's events */
            stale?: string[];
        };
        Profile: {
            username: string;
            registration_date: components["schemas"]["Time"];
            country: string;
            /** @description Upper-cased */
            currency: string;
            gender: string | null;
            consent_email: boolean | null;
            updated_at: components["schemas"]["Time"];
            /** @description Null if no event said so */
            segmentation_isPromoBanned: boolean | null;
        };
        /**
         * Format: date-time
         * @description RFC 3339 in UTC with milliseconds
         * @example 2026-01-31T12:00:00.000Z
         */
        Time: string;
        Logins: {
            login_count: number;
            first_at: components["schemas"]["Time"] | null;
            last_at: components["schemas"]["Time"] | null;
            /** @description Distinct dates in the tenant's zone */
            active_days: number;
            /** @description Most consecutive dates */
            longest_streak: number;
            /** @description Consecutive dates up to today or, failing that, up to yesterday */
            current_streak: number;
            /** @description The start of the first day at which current_streak is 0 without a further login */
            streak_expires_at: components["schemas"]["Time"] | null;
        };
        /** @description Game rounds of all currencies, in the order of timestamp, then unique_id */
        WinStreak: {
            /** @description Won rounds since the last one that was not */
            current: number;
            /** @description Most won rounds in a row */
            longest: number;
        };
        /**
         * @description Canonical decimal: no exponent, no needless zeros
         * @example 10.5
         * @example 0
         * @example -3.25
         */
        Decimal: string;
        ErasedUser: {
            /** @description Stands for the user where the id may not: the feed of changes names an erased user by it. Always the same for an id, and says nothing about it. */
            ref: string;
            /** @description The part of the log that the user's events are in */
            slice: number;
        };
        Kept: {
            /** @description Later generations are lost */
            generation: number;
            /** @description Slices whose history has ended. Events after the position are lost */
            slices: components["schemas"]["KeptSlice"][];
        };
        KeptSlice: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            position: number;
        };
        /** @description In the order of the ids' UTF-8 bytes. A page may have fewer users than its limit where there are more: as long as `next_cursor` is no null */
        Users: {
            users: components["schemas"]["ListedUser"][];
            /** @description For `cursor`, to read on; null at the end */
            next_cursor: string | null;
        };
        ListedUser: {
            user_id: string;
            /** @description Stands for the user where the id may not: the feed of changes names an erased user by it. Always the same for an id, and says nothing about it. */
            ref: string;
            slice: number;
        };
        ProjectionParked: {
            detail?: string;
            instance?: string;
            user_id: string;
            projections: string[];
            /** @enum {string} */
            type: "projection-parked";
            /** @enum {number} */
            status: 503;
            /** @enum {string} */
            title: "A projection stopped at one of the user's events";
        };
        HistoryUnfinished: {
            detail?: string;
            instance?: string;
            /** @description Position in the user's slice up to which it has been read */
            read: number;
            /** @description Position up to which it is to be read */
            position: number;
            /** @enum {string} */
            type: "history-unfinished";
            /** @enum {number} */
            status: 503;
            /** @enum {string} */
            title: "The user's history is long and was not read to its end in time: send the request again, it goes on from there";
        };
        HistoryTooLarge: {
            detail?: string;
            instance?: string;
            /** @description The most bytes that its rows may take in memory while its events are read */
            limit: number;
            /** @enum {string} */
            type: "history-too-large";
            /** @enum {number} */
            status: 422;
            /** @enum {string} */
            title: "The user has too many payments, bets and currencies to fold again in memory";
        };
        CounterNotFound: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "counter-not-found";
            /** @enum {number} */
            status: 404;
            /** @enum {string} */
            title: "The user's counters have never had a value at the path";
        };
        UserNotFound: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "user-not-found";
            /** @enum {number} */
            status: 404;
            /** @enum {string} */
            title: "The user has no events";
        };
        /** @description The value, and a page of the events that made it */
        Explanation: {
            path: string;
            /** @description As the counters document has it; null where it has none any more */
            value: number | string | boolean | null;
            /** @description Position in the user's slice of the log up to which events were looked at */
            position: number;
            /** @description The events that changed the value, in order of position; those of all pages add up to it */
            contributions: (components["schemas"]["CasinoContribution"] | components["schemas"]["PaymentContribution"] | components["schemas"]["RegistrationContribution"] | components["schemas"]["GameRoundContribution"] | components["schemas"]["SportsBetContribution"] | components["schemas"]["LoginContribution"])[];
            /** @description For `cursor`, to read on; null at the end */
            next_cursor: string | null;
        };
        LoginContribution: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-login";
            data: components["schemas"]["LoginData"];
            /** @description By how much the event changed the value: a number for a count, a decimal for an amount; of any other value, the new one */
            contribution: number | string | boolean | null;
            /** @description The value with this event and all before it; 0 for a number that the document did not have */
            value: number | string | boolean | null;
        };
        LoginData: {
            user_id: string;
            timestamp: components["schemas"]["Time"];
            entry_timestamp: string | null;
            process_timestamp: string | null;
            /** @description This field is used for idempotency */
            unique_id: string;
        };
        SportsBetContribution: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-sports-bet";
            data: components["schemas"]["SportsBetData"];
            /** @description By how much the event changed the value: a number for a count, a decimal for an amount; of any other value, the new one */
            contribution: number | string | boolean | null;
            /** @description The value with this event and all before it; 0 for a number that the document did not have */
            value: number | string | boolean | null;
        };
        SportsBetData: {
            user_id: string;
            timestamp: components["schemas"]["Time"];
            entry_timestamp: string | null;
            process_timestamp: string | null;
            /** @description This field is used for idempotency */
            activity_id: string;
            activity_id_reference: string;
            amount: components["schemas"]["Decimal"];
            /** @enum {string} */
            bet_type: "Single" | "Multi" | "System" | "Teaser";
            odds?: components["schemas"]["Decimal"];
            total_odds?: components["schemas"]["Decimal"];
            bets: {
                is_free_bet: boolean;
                is_risk_free_bet: boolean;
                is_live: boolean;
                tournament_name: string;
                sports_name: string;
                odds: components["schemas"]["Decimal"];
                event_name: string | null;
                market: string | null;
                match_start: string | null;
                outcomes?: {
                    [key: string]: unknown;
                }[];
                meta?: {
                    [key: string]: unknown;
                };
            }[] | null;
            bonus_wager_amount: components["schemas"]["Decimal"];
            /** @description ISO-4217 currency code */
            currency: string;
            is_cashout: boolean;
            /** @description Counted: approved, rollback, in any case of letters. An event with another word is stored, and no counter counts it */
            status: string;
            /** @description Counted: bet, settlement, in any case of letters. An event with another word is stored, and no counter counts it */
            type: string;
        };
        GameRoundContribution: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-gameround";
            data: components["schemas"]["GameRoundData"];
            /** @description By how much the event changed the value: a number for a count, a decimal for an amount; of any other value, the new one */
            contribution: number | string | boolean | null;
            /** @description The value with this event and all before it; 0 for a number that the document did not have */
            value: number | string | boolean | null;
        };
        GameRoundData: {
            user_id: string;
            timestamp: components["schemas"]["Time"];
            entry_timestamp: string | null;
            process_timestamp: string | null;
            /** @description This field is used for idempotency and as round_id */
            unique_id: string;
            game_id: string;
            /** @description ISO-4217 currency code or crypto currency code */
            user_currency: string;
            meta_reporting_currency: string | null;
            bonus_bet_user: components["schemas"]["Decimal"];
            total_bet_user: components["schemas"]["Decimal"];
            total_bet_base: components["schemas"]["Decimal"];
            bonus_win_user: components["schemas"]["Decimal"];
            total_win_user: components["schemas"]["Decimal"];
            total_win_base: components["schemas"]["Decimal"];
        };
        RegistrationContribution: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-registration";
            data: components["schemas"]["RegistrationData"];
            /** @description By how much the event changed the value: a number for a count, a decimal for an amount; of any other value, the new one */
            contribution: number | string | boolean | null;
            /** @description The value with this event and all before it; 0 for a number that the document did not have */
            value: number | string | boolean | null;
        };
        RegistrationData: {
            user_id: string;
            timestamp: components["schemas"]["Time"];
            entry_timestamp: string | null;
            process_timestamp: string | null;
            /** @description This field is used for idempotency */
            unique_id: string;
            /** @description Player username */
            username: string;
            /** Format: date-time */
            registration_date: string;
            country: string;
            /** @description ISO-4217 currency code */
            currency: string;
            gender: string | null;
            consent_email: boolean | null;
            segmentation_isPromoBanned: boolean | null;
        };
        PaymentContribution: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-payment";
            data: components["schemas"]["PaymentData"];
            /** @description By how much the event changed the value: a number for a count, a decimal for an amount; of any other value, the new one */
            contribution: number | string | boolean | null;
            /** @description The value with this event and all before it; 0 for a number that the document did not have */
            value: number | string | boolean | null;
        };
        PaymentData: {
            user_id: string;
            timestamp: components["schemas"]["Time"];
            entry_timestamp: string | null;
            process_timestamp: string | null;
            payment_id: string;
            /** @description Counted: credit, deposit, debit, withdrawal, withdraw, in any case of letters. An event with another word is stored, and no counter counts it */
            type: string;
            /** @description Counted: requested, approved, rejected, cancelled, rollback, in any case of letters. An event with another word is stored, and no counter counts it */
            status: string;
            amount: components["schemas"]["Decimal"];
            /** @description ISO-4217 currency code */
            currency: string;
            base_amount: components["schemas"]["Decimal"];
            vendor_name: string;
        };
        CasinoContribution: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-casino";
            data: components["schemas"]["CasinoData"];
            /** @description By how much the event changed the value: a number for a count, a decimal for an amount; of any other value, the new one */
            contribution: number | string | boolean | null;
            /** @description The value with this event and all before it; 0 for a number that the document did not have */
            value: number | string | boolean | null;
        };
        CasinoData: {
            user_id: string;
            timestamp: components["schemas"]["Time"];
            entry_timestamp: string | null;
            process_timestamp: string | null;
            /** @description This field is used for idempotency */
            unique_id: string;
            game_id: string;
            round_id: string;
            /**
             * @description Casino event type
             * @enum {string}
             */
            type: "bet" | "win" | "loss" | "rollbackbet" | "rollbackwin";
            amount: components["schemas"]["Decimal"];
            /** @description ISO-4217 currency code */
            currency: string;
            bonus_wager_amount: components["schemas"]["Decimal"];
        };
        /** @description Newest first. A page may have fewer events than its limit, and at least one, where there are more: as long as `next_cursor` is no null */
        Events: {
            events: (components["schemas"]["CasinoEvent"] | components["schemas"]["PaymentEvent"] | components["schemas"]["RegistrationEvent"] | components["schemas"]["GameRoundEvent"] | components["schemas"]["SportsBetEvent"] | components["schemas"]["LoginEvent"] | components["schemas"]["EventWithoutData"])[];
            /** @description For `cursor`, to read on; null at the end */
            next_cursor: string | null;
        };
        EventWithoutData: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            event: string;
            /** @description It is larger than 8 MiB, or was stored by a newer release */
            data: null;
            /** @description The size of its stored form */
            bytes: number;
        };
        LoginEvent: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-login";
            data: components["schemas"]["LoginData"];
        };
        SportsBetEvent: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-sports-bet";
            data: components["schemas"]["SportsBetData"];
        };
        GameRoundEvent: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-gameround";
            data: components["schemas"]["GameRoundData"];
        };
        RegistrationEvent: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-registration";
            data: components["schemas"]["RegistrationData"];
        };
        PaymentEvent: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-payment";
            data: components["schemas"]["PaymentData"];
        };
        CasinoEvent: {
            /** @description The part of the log that the user's events are in */
            slice: number;
            /** @description The event's place in the slice, from 1 on without gaps */
            position: number;
            occurred_at: components["schemas"]["Time"];
            recorded_at: components["schemas"]["Time"];
            /** @enum {string} */
            event: "realtime-casino";
            data: components["schemas"]["CasinoData"];
        };
        UserNotOnLeaderboard: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "user-not-on-leaderboard";
            /** @enum {number} */
            status: 404;
            /** @enum {string} */
            title: "The user has no score on this leaderboard";
        };
        /**
         * @description The user's place and those next to it
         * @example {
         *       "board": "login_streak",
         *       "period": "all",
         *       "currency": null,
         *       "period_start": null,
         *       "period_end": null,
         *       "time_zone": "Europe/Malta",
         *       "user_count": 2,
         *       "generations": {
         *         "leaderboards": 0
         *       },
         *       "rank": 2,
         *       "user_id": "player-4",
         *       "score": 7,
         *       "reached_at": "2026-01-31",
         *       "above": [
         *         {
         *           "rank": 1,
         *           "user_id": "player-17",
         *           "score": 12,
         *           "reached_at": "2026-01-30"
         *         }
         *       ],
         *       "below": []
         *     }
         */
        LeaderboardPlace: {
            /** @enum {string} */
            board: "casino_turnover" | "round_turnover" | "round_wins" | "biggest_multiplier" | "sports_turnover" | "login_streak";
            /** @enum {string} */
            period: "day" | "week" | "month" | "all";
            /** @description Upper-cased; null where the board has none */
            currency: string | null;
            /** @description The first date of the period; null for all */
            period_start: string | null;
            /** @description The last date of the period; null for all */
            period_end: string | null;
            /** @description IANA name of the zone in which the tenant's days begin */
            time_zone: string;
            /** @description How many users are on the board */
            user_count: number;
            /** @description For each section a number that grows when its numbers change without an event: by another version, the rebuild of a user, another time zone, a log that lost events. 0 if they never did. The feed of changes tells it too. */
            generations: {
                [key: string]: number;
            };
            /** @description From 1 on; no two users share one */
            rank: number;
            user_id: string;
            /** @description A number on round_wins and login_streak, a decimal on the others */
            score: number | components["schemas"]["Decimal"];
            /** @description Of users with equal scores the one who reached it first is ahead. A date on login_streak, a time on the others. */
            reached_at: components["schemas"]["Time"] | string;
            /** @description Those right ahead of the user, in the board's order */
            above: components["schemas"]["LeaderboardEntry"][];
            /** @description Those right behind */
            below: components["schemas"]["LeaderboardEntry"][];
            /** @description Set if the board stopped at an event of one of the users */
            stale?: string[];
        };
        LeaderboardEntry: {
            /** @description From 1 on; no two users share one */
            rank: number;
            user_id: string;
            /** @description A number on round_wins and login_streak, a decimal on the others */
            score: number | components["schemas"]["Decimal"];
            /** @description Of users with equal scores the one who reached it first is ahead. A date on login_streak, a time on the others. */
            reached_at: components["schemas"]["Time"] | string;
        };
        /**
         * @description The first users of the board, in its order
         * @example {
         *       "board": "casino_turnover",
         *       "period": "week",
         *       "currency": "EUR",
         *       "period_start": "2026-01-26",
         *       "period_end": "2026-02-01",
         *       "time_zone": "Europe/Malta",
         *       "user_count": 2,
         *       "generations": {
         *         "leaderboards": 0
         *       },
         *       "entries": [
         *         {
         *           "rank": 1,
         *           "user_id": "player-17",
         *           "score": "1250.5",
         *           "reached_at": "2026-01-31T12:00:00.000Z"
         *         },
         *         {
         *           "rank": 2,
         *           "user_id": "player-4",
         *           "score": "990",
         *           "reached_at": "2026-01-30T09:15:00.000Z"
         *         }
         *       ]
         *     }
         */
        Leaderboard: {
            /** @enum {string} */
            board: "casino_turnover" | "round_turnover" | "round_wins" | "biggest_multiplier" | "sports_turnover" | "login_streak";
            /** @enum {string} */
            period: "day" | "week" | "month" | "all";
            /** @description Upper-cased; null where the board has none */
            currency: string | null;
            /** @description The first date of the period; null for all */
            period_start: string | null;
            /** @description The last date of the period; null for all */
            period_end: string | null;
            /** @description IANA name of the zone in which the tenant's days begin */
            time_zone: string;
            /** @description How many users are on the board */
            user_count: number;
            /** @description For each section a number that grows when its numbers change without an event: by another version, the rebuild of a user, another time zone, a log that lost events. 0 if they never did. The feed of changes tells it too. */
            generations: {
                [key: string]: number;
            };
            entries: components["schemas"]["LeaderboardEntry"][];
            /** @description Set if the board stopped at an event of one of the users */
            stale?: string[];
        };
        /** @description In order of (from, product, currency); periods in which nothing was counted are left out */
        Activity: {
            /** @description IANA name of the zone in which the tenant's days begin */
            time_zone: string;
            /** @description For each section a number that grows when its numbers change without an event: by another version, the rebuild of a user, another time zone, a log that lost events. 0 if they never did. The feed of changes tells it too. */
            generations: {
                [key: string]: number;
            };
            periods: (components["schemas"]["CasinoActivity"] | components["schemas"]["GameRoundActivity"] | components["schemas"]["LoginActivity"] | components["schemas"]["PaymentActivity"] | components["schemas"]["SportsActivity"])[];
            /** @description Set if the activity stopped at one of the user's events */
            stale?: string[];
        };
        SportsActivity: {
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            from: string;
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            to: string;
            /** @enum {string} */
            product: "sports";
            /** @description Upper-cased */
            currency: string;
            /** @description Bets that were approved and not rolled back */
            bet_count: number;
            /** @description Their stakes */
            bet_amount: components["schemas"]["Decimal"];
            /** @description Settlements that were approved and not rolled back and return more than 0, on the date of the settlement */
            win_count: number;
            /** @description What settlements return, on their dates (return_amount) */
            win_amount: components["schemas"]["Decimal"];
        };
        PaymentActivity: {
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            from: string;
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            to: string;
            /** @enum {string} */
            product: "payments";
            /** @description Upper-cased */
            currency: string;
            /** @description Deposits that were approved and not rolled back, on the date of the approval */
            deposit_count: number;
            /** @description Their amounts */
            deposit_amount: components["schemas"]["Decimal"];
            /** @description Withdrawals that were approved and not rolled back, on the date of the approval */
            withdrawal_count: number;
            /** @description Their amounts */
            withdrawal_amount: components["schemas"]["Decimal"];
        };
        LoginActivity: {
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            from: string;
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            to: string;
            /** @enum {string} */
            product: "logins";
            currency: null;
            /** @description Logins */
            login_count: number;
        };
        GameRoundActivity: {
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            from: string;
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            to: string;
            /** @enum {string} */
            product: "game_rounds";
            /** @description Upper-cased */
            currency: string;
            /** @description Rounds (round_count) */
            bet_count: number;
            /** @description Their bets */
            bet_amount: components["schemas"]["Decimal"];
            /** @description Rounds that won more than 0 (won_round_count) */
            win_count: number;
            /** @description What rounds won */
            win_amount: components["schemas"]["Decimal"];
        };
        CasinoActivity: {
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            from: string;
            /**
             * Format: date
             * @description `YYYY-MM-DD` in the tenant's zone, years 1900 to 2200
             * @example 2026-01-31
             */
            to: string;
            /** @enum {string} */
            product: "casino";
            /** @description Upper-cased */
            currency: string;
            /** @description Bets */
            bet_count: number;
            /** @description Gross: whatever is rolled back stays in it */
            bet_amount: components["schemas"]["Decimal"];
            /** @description Wins of more than 0 */
            win_count: number;
            /** @description Gross: whatever is rolled back stays in it */
            win_amount: components["schemas"]["Decimal"];
            /** @description On the date of the rollback */
            rolled_back_bet_count: number;
            /** @description On the date of the rollback */
            rolled_back_bet_amount: components["schemas"]["Decimal"];
            /** @description On the date of the rollback */
            rolled_back_win_count: number;
            /** @description On the date of the rollback */
            rolled_back_win_amount: components["schemas"]["Decimal"];
        };
        /** @description The sections asked for; without `include`, both */
        Games: {
            user_id: string;
            /** @description IANA name of the zone in which the tenant's days begin */
            time_zone: string;
            /** @description Position in the user's slice of the log up to which the counters are complete */
            position: number;
            /** @description For each section a number that grows when its numbers change without an event: by another version, the rebuild of a user, another time zone, a log that lost events. 0 if they never did. The feed of changes tells it too. */
            generations: {
                [key: string]: number;
            };
            /** @description By game_id */
            casino_by_game?: {
                [key: string]: {
                    [key: string]: components["schemas"]["CasinoCounters"];
                };
            };
            /** @description By game_id */
            game_rounds_by_game?: {
                [key: string]: {
                    [key: string]: components["schemas"]["GameRoundsCounters"];
                };
            };
            /** @description For `cursor`, to read on; null at the end */
            next_cursor: string | null;
            /** @description Sections that stopped at one of the user's events */
            stale?: string[];
        };
        UnsupportedMediaType: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "unsupported-media-type";
            /** @enum {number} */
            status: 415;
            /** @enum {string} */
            title: "The body is not declared as plain JSON";
        };
        BodyTooLarge: {
            detail?: string;
            instance?: string;
            /** @description The most bytes that are taken */
            limit: number;
            /** @enum {string} */
            type: "body-too-large";
            /** @enum {number} */
            status: 413;
            /** @enum {string} */
            title: "The body has too many bytes";
        };
        MalformedJson: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "malformed-json";
            /** @enum {number} */
            status: 400;
            /** @enum {string} */
            title: "The body is not JSON in UTF-8";
        };
        /** @description In the order asked, all of one moment; users without events are left out */
        CountersOfUsers: {
            users: components["schemas"]["Counters"][];
        };
        /**
         * @example {
         *       "user_ids": [
         *         "player-17",
         *         "player-18"
         *       ]
         *     }
         */
        UserIds: {
            user_ids: string[];
        };
        StrictRefusal: {
            detail?: string;
            instance?: string;
            /** @description Items newly stored */
            accepted: number;
            /** @description Items that were stored before, or repeated in this request */
            duplicates: number;
            rejected: components["schemas"]["RejectedItem"][];
            /** @enum {string} */
            type: "strict-refusal";
            /** @enum {number} */
            status: 422;
            /** @enum {string} */
            title: "Some items are invalid and strict handling was asked for: nothing was stored";
        };
        RejectedItem: {
            index: number;
            event: string | null;
            id: string | null;
            /** @enum {string} */
            reason: "invalid" | "idempotency_conflict";
            /** @description At most 5 */
            issues: components["schemas"]["ItemIssue"][];
        };
        ItemIssue: {
            /** @description Where in the item, say ["data", "amount"] */
            path: (string | number)[];
            /** @description At most 200 characters */
            message: string;
        };
        AllRejected: {
            detail?: string;
            instance?: string;
            /** @description Items newly stored */
            accepted: number;
            /** @description Items that were stored before, or repeated in this request */
            duplicates: number;
            rejected: components["schemas"]["RejectedItem"][];
            /** @enum {string} */
            type: "all-rejected";
            /** @enum {number} */
            status: 422;
            /** @enum {string} */
            title: "Every item was rejected";
        };
        NotABatch: {
            detail?: string;
            instance?: string;
            /** @enum {string} */
            type: "not-a-batch";
            /** @enum {number} */
            status: 422;
            /** @enum {string} */
            title: "The body is neither {\"items\": [...]} nor an array";
        };
        TooManyValues: {
            detail?: string;
            instance?: string;
            /** @description The most values, at any depth, that are taken */
            limit: number;
            /** @enum {string} */
            type: "too-many-values";
            /** @enum {number} */
            status: 413;
            /** @enum {string} */
            title: "The body has too many JSON values";
        };
        TooManyItems: {
            detail?: string;
            instance?: string;
            /** @description The most items that are taken */
            limit: number;
            /** @enum {string} */
            type: "too-many-items";
            /** @enum {number} */
            status: 413;
            /** @enum {string} */
            title: "The batch has too many items";
        };
        /** @description Some items were rejected, the others are stored */
        IngestReport: {
            /** @description Items newly stored */
            accepted: number;
            /** @description Items that were stored before, or repeated in this request */
            duplicates: number;
            rejected: components["schemas"]["RejectedItem"][];
        };
        /**
         * @description A player logged in
         * @example {
         *       "event": "realtime-login",
         *       "data": {
         *         "user_id": "player-17",
         *         "timestamp": "2026-01-31T12:00:00Z",
         *         "unique_id": "l-1"
         *       }
         *     }
         */
        LoginItem: {
            /** @enum {string} */
            event: "realtime-login";
            /** @description Login Event Data */
            data: {
                /** @description Neither `.` nor `..` */
                user_id: string;
                /**
                 * Format: date-time
                 * @example 2026-01-31T12:00:00Z
                 */
                timestamp: string;
                entry_timestamp?: string | null;
                process_timestamp?: string | null;
                /** @description This field is used for idempotency */
                unique_id: string;
            };
        };
        /**
         * @description Sports bets and their settlements, sent as separate events
         * @example {
         *       "event": "realtime-sports-bet",
         *       "data": {
         *         "user_id": "player-17",
         *         "timestamp": "2026-01-31T12:00:00Z",
         *         "activity_id": "b-1",
         *         "activity_id_reference": "",
         *         "amount": 10,
         *         "bet_type": "Single",
         *         "odds": 2.5,
         *         "bets": [
         *           {
         *             "tournament_name": "Premier League",
         *             "sports_name": "Football",
         *             "odds": 2.5,
         *             "market": "1X2"
         *           }
         *         ],
         *         "bonus_wager_amount": 0,
         *         "currency": "EUR",
         *         "status": "Approved",
         *         "type": "Bet"
         *       }
         *     }
         */
        SportsBetItem: {
            /** @enum {string} */
            event: "realtime-sports-bet";
            data: {
                /** @description Neither `.` nor `..` */
                user_id: string;
                /**
                 * Format: date-time
                 * @example 2026-01-31T12:00:00Z
                 */
                timestamp: string;
                entry_timestamp?: string | null;
                process_timestamp?: string | null;
                /** @description This field is used for idempotency */
                activity_id: string;
                activity_id_reference: string;
                amount: number;
                /** @enum {string} */
                bet_type: "Single" | "Multi" | "System" | "Teaser";
                odds?: number | null;
                total_odds?: number | null;
                bets?: {
                    /** @default false */
                    is_free_bet: boolean | null;
                    /** @default false */
                    is_risk_free_bet: boolean | null;
                    /** @default false */
                    is_live: boolean | null;
                    tournament_name: string;
                    sports_name: string;
                    odds: number;
                    event_name?: string | null;
                    market?: string | null;
                    match_start?: string | null;
                    outcomes?: {
                        [key: string]: unknown;
                    }[] | null;
                    meta?: {
                        [key: string]: unknown;
                    } | null;
                }[] | null;
                bonus_wager_amount: number;
                /** @description ISO-4217 currency code */
                currency: string;
                /** @default false */
                is_cashout: boolean | null;
                /** @description Counted: approved, rollback, in any case of letters. An event with another word is stored, and no counter counts it */
                status: string;
                /** @description Counted: bet, settlement, in any case of letters. An event with another word is stored, and no counter counts it */
                type: string;
            };
        };
        /**
         * @description FastTrack: Bet and possibly Win sent as one event
         * @example {
         *       "event": "realtime-gameround",
         *       "data": {
         *         "user_id": "player-17",
         *         "timestamp": "2026-01-31T12:00:00Z",
         *         "unique_id": "r-1",
         *         "game_id": "game-7",
         *         "user_currency": "EUR",
         *         "bonus_bet_user": 0,
         *         "total_bet_user": 1.5,
         *         "total_bet_base": 1.5,
         *         "bonus_win_user": 0,
         *         "total_win_user": 6,
         *         "total_win_base": 6
         *       }
         *     }
         */
        GameRoundItem: {
            /** @enum {string} */
            event: "realtime-gameround";
            /** @description FastTrack: GameRound Event Data */
            data: {
                /** @description Neither `.` nor `..` */
                user_id: string;
                /**
                 * Format: date-time
                 * @example 2026-01-31T12:00:00Z
                 */
                timestamp: string;
                entry_timestamp?: string | null;
                process_timestamp?: string | null;
                /** @description This field is used for idempotency and as round_id */
                unique_id: string;
                game_id: string | number;
                /** @description ISO-4217 currency code or crypto currency code */
                user_currency: string;
                meta_reporting_currency?: string | null;
                bonus_bet_user: number;
                total_bet_user: number;
                /** @default 0 */
                total_bet_base: number | null;
                bonus_win_user: number;
                total_win_user: number;
                /** @default 0 */
                total_win_base: number | null;
            };
        };
        /**
         * @description FastTrack: Player registration and account updates
         * @example {
         *       "event": "realtime-registration",
         *       "data": {
         *         "user_id": "player-17",
         *         "timestamp": "2026-01-31T12:00:00Z",
         *         "unique_id": "a-1",
         *         "username": "player17",
         *         "registration_date": "2026-01-31T11:59:00Z",
         *         "country": "MT",
         *         "currency": "EUR",
         *         "gender": null,
         *         "consent_email": true
         *       }
         *     }
         */
        RegistrationItem: {
            /** @enum {string} */
            event: "realtime-registration";
            /** @description FastTrack: Player registration and account update details */
            data: {
                /** @description Neither `.` nor `..` */
                user_id: string;
                /**
                 * Format: date-time
                 * @example 2026-01-31T12:00:00Z
                 */
                timestamp: string;
                entry_timestamp?: string | null;
                process_timestamp?: string | null;
                /** @description This field is used for idempotency */
                unique_id: string;
                /** @description Player username */
                username: string;
                /**
                 * Format: date-time
                 * @example 2026-01-31T12:00:00Z
                 */
                registration_date: string;
                country: string;
                /** @description ISO-4217 currency code */
                currency: string;
                gender: string | null;
                consent_email: boolean | null;
                segmentation_isPromoBanned?: boolean | null;
            };
        };
        /**
         * @description FastTrack: Withdrawals or deposits
         * @example {
         *       "event": "realtime-payment",
         *       "data": {
         *         "user_id": "player-17",
         *         "timestamp": "2026-01-31T12:00:00Z",
         *         "payment_id": "p-1",
         *         "type": "credit",
         *         "status": "approved",
         *         "amount": 50,
         *         "currency": "EUR",
         *         "base_amount": 50,
         *         "vendor_name": "vendor-1"
         *       }
         *     }
         */
        PaymentItem: {
            /** @enum {string} */
            event: "realtime-payment";
            /** @description FastTrack Payment Event Data */
            data: {
                /** @description Neither `.` nor `..` */
                user_id: string;
                /**
                 * Format: date-time
                 * @example 2026-01-31T12:00:00Z
                 */
                timestamp: string;
                entry_timestamp?: string | null;
                process_timestamp?: string | null;
                payment_id: string | number;
                /** @description Counted: credit, deposit, debit, withdrawal, withdraw, in any case of letters. An event with another word is stored, and no counter counts it */
                type: string;
                /** @description Counted: requested, approved, rejected, cancelled, rollback, in any case of letters. An event with another word is stored, and no counter counts it */
                status: string;
                amount: number;
                /** @description ISO-4217 currency code */
                currency: string;
                /** @default 0 */
                base_amount: number | null;
                vendor_name: string;
            };
        };
        /**
         * @description FastTrack: Bets and wins, sent as a separate events
         * @example {
         *       "event": "realtime-casino",
         *       "data": {
         *         "user_id": "player-17",
         *         "timestamp": "2026-01-31T12:00:00Z",
         *         "unique_id": "c-1",
         *         "game_id": "game-7",
         *         "round_id": "r-1",
         *         "type": "bet",
         *         "amount": 1.5,
         *         "currency": "EUR",
         *         "bonus_wager_amount": 0
         *       }
         *     }
         */
        CasinoItem: {
            /** @enum {string} */
            event: "realtime-casino";
            /** @description FastTrack: Casino Event Data */
            data: {
                /** @description Neither `.` nor `..` */
                user_id: string;
                /**
                 * Format: date-time
                 * @example 2026-01-31T12:00:00Z
                 */
                timestamp: string;
                entry_timestamp?: string | null;
                process_timestamp?: string | null;
                /** @description This field is used for idempotency */
                unique_id: string;
                game_id: string | number;
                round_id: string | number;
                /**
                 * @description Casino event type
                 * @enum {string}
                 */
                type: "bet" | "win" | "loss" | "rollbackbet" | "rollbackwin";
                amount: number;
                /** @description ISO-4217 currency code */
                currency: string;
                bonus_wager_amount: number;
            };
        };
        CasinoCounters: {
            bet_count: number;
            /** @description The bonus part included */
            bet_amount: components["schemas"]["Decimal"];
            bonus_bet_amount: components["schemas"]["Decimal"];
            /** @description Wins of more than 0 */
            win_count: number;
            /** @description The bonus part included */
            win_amount: components["schemas"]["Decimal"];
            bonus_win_amount: components["schemas"]["Decimal"];
            /** @description 0 without one */
            biggest_win: components["schemas"]["Decimal"];
            /** @description Losses, and wins of 0 or less */
            loss_count: number;
            rolled_back_bet_count: number;
            rolled_back_bet_amount: components["schemas"]["Decimal"];
            rolled_back_win_count: number;
            rolled_back_win_amount: components["schemas"]["Decimal"];
            /** @description bet_amount − rolled_back_bet_amount */
            net_bet_amount: components["schemas"]["Decimal"];
            /** @description win_amount − rolled_back_win_amount */
            net_win_amount: components["schemas"]["Decimal"];
            /** @description net_bet_amount − net_win_amount; may be negative */
            ggr: components["schemas"]["Decimal"];
            /** @description Of any casino event in the currency */
            first_at: components["schemas"]["Time"] | null;
            /** @description Of any casino event in the currency */
            last_at: components["schemas"]["Time"] | null;
        };
        GameRoundsCounters: {
            round_count: number;
            bet_amount: components["schemas"]["Decimal"];
            bonus_bet_amount: components["schemas"]["Decimal"];
            win_amount: components["schemas"]["Decimal"];
            bonus_win_amount: components["schemas"]["Decimal"];
            /** @description In the brand's one base currency; a round without it adds 0 */
            bet_base_amount: components["schemas"]["Decimal"];
            /** @description In the brand's one base currency; a round without it adds 0 */
            win_base_amount: components["schemas"]["Decimal"];
            /** @description Rounds that won more than 0 */
            won_round_count: number;
            /** @description The other rounds */
            lost_round_count: number;
            /** @description 0 without one */
            biggest_win: components["schemas"]["Decimal"];
            /** @description Win ÷ bet of rounds with a bet above 0, rounded half up to 4 decimals; 0 without one */
            biggest_multiplier: components["schemas"]["Decimal"];
            /** @description bet_amount − win_amount; may be negative */
            ggr: components["schemas"]["Decimal"];
            first_at: components["schemas"]["Time"] | null;
            last_at: components["schemas"]["Time"] | null;
        };
        PaymentsCounters: {
            /** @description Deposits that were approved and not rolled back */
            deposit_count: number;
            deposit_amount: components["schemas"]["Decimal"];
            /** @description In the brand's one base currency; a deposit without it adds 0 */
            deposit_base_amount: components["schemas"]["Decimal"];
            /** @description 0 without one */
            biggest_deposit: components["schemas"]["Decimal"];
            /** @description When it was approved */
            first_deposit_at: components["schemas"]["Time"] | null;
            /** @description When it was approved */
            last_deposit_at: components["schemas"]["Time"] | null;
            /** @description Withdrawals that were approved and not rolled back */
            withdrawal_count: number;
            withdrawal_amount: components["schemas"]["Decimal"];
            /** @description In the brand's one base currency; a withdrawal without it adds 0 */
            withdrawal_base_amount: components["schemas"]["Decimal"];
            /** @description 0 without one */
            biggest_withdrawal: components["schemas"]["Decimal"];
            /** @description When it was approved */
            first_withdrawal_at: components["schemas"]["Time"] | null;
            /** @description When it was approved */
            last_withdrawal_at: components["schemas"]["Time"] | null;
            /** @description Deposits that were requested and neither approved, rejected, cancelled nor rolled back */
            pending_deposit_count: number;
        };
        SportsCounters: {
            /** @description Bets that were approved and not rolled back */
            bet_count: number;
            bet_amount: components["schemas"]["Decimal"];
            bonus_bet_amount: components["schemas"]["Decimal"];
            /** @description Bets with a free leg */
            free_bet_count: number;
            free_bet_amount: components["schemas"]["Decimal"];
            first_bet_at: components["schemas"]["Time"] | null;
            last_bet_at: components["schemas"]["Time"] | null;
            /** @description Bets with a settlement that was approved and not rolled back */
            settled_bet_count: number;
            /** @description The stakes of those bets */
            settled_bet_amount: components["schemas"]["Decimal"];
            /** @description The other bets */
            open_bet_count: number;
            open_bet_amount: components["schemas"]["Decimal"];
            /** @description Settled bets whose returns, of whatever currency, add up to more than 0 */
            won_bet_count: number;
            /** @description The other settled bets */
            lost_bet_count: number;
            /** @description All settlements in the currency, also those of no known bet; the stake is part of a return */
            return_amount: components["schemas"]["Decimal"];
            /** @description 0 without one */
            biggest_return: components["schemas"]["Decimal"];
            /** @description Settlements that cash out */
            cashout_count: number;
            cashout_amount: components["schemas"]["Decimal"];
            /** @description settled_bet_amount − return_amount; may be negative */
            ggr: components["schemas"]["Decimal"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    sendEvents: {
        parameters: {
            query?: never;
            header?: {
                /** @description `handling=strict`: if any item is invalid, store nothing and answer `422` (RFC 7240). */
                prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "items": [
                 *         {
                 *           "event": "realtime-casino",
                 *           "data": {
                 *             "user_id": "player-17",
                 *             "timestamp": "2026-01-31T12:00:00Z",
                 *             "unique_id": "c-1",
                 *             "game_id": "game-7",
                 *             "round_id": "r-1",
                 *             "type": "bet",
                 *             "amount": 1.5,
                 *             "currency": "EUR",
                 *             "bonus_wager_amount": 0
                 *           }
                 *         },
                 *         {
                 *           "event": "realtime-payment",
                 *           "data": {
                 *             "user_id": "player-17",
                 *             "timestamp": "2026-01-31T12:00:00Z",
                 *             "payment_id": "p-1",
                 *             "type": "credit",
                 *             "status": "approved",
                 *             "amount": 50,
                 *             "currency": "EUR",
                 *             "base_amount": 50,
                 *             "vendor_name": "vendor-1"
                 *           }
                 *         },
                 *         {
                 *           "event": "realtime-registration",
                 *           "data": {
                 *             "user_id": "player-17",
                 *             "timestamp": "2026-01-31T12:00:00Z",
                 *             "unique_id": "a-1",
                 *             "username": "player17",
                 *             "registration_date": "2026-01-31T11:59:00Z",
                 *             "country": "MT",
                 *             "currency": "EUR",
                 *             "gender": null,
                 *             "consent_email": true
                 *           }
                 *         },
                 *         {
                 *           "event": "realtime-gameround",
                 *           "data": {
                 *             "user_id": "player-17",
                 *             "timestamp": "2026-01-31T12:00:00Z",
                 *             "unique_id": "r-1",
                 *             "game_id": "game-7",
                 *             "user_currency": "EUR",
                 *             "bonus_bet_user": 0,
                 *             "total_bet_user": 1.5,
                 *             "total_bet_base": 1.5,
                 *             "bonus_win_user": 0,
                 *             "total_win_user": 6,
                 *             "total_win_base": 6
                 *           }
                 *         },
                 *         {
                 *           "event": "realtime-sports-bet",
                 *           "data": {
                 *             "user_id": "player-17",
                 *             "timestamp": "2026-01-31T12:00:00Z",
                 *             "activity_id": "b-1",
                 *             "activity_id_reference": "",
                 *             "amount": 10,
                 *             "bet_type": "Single",
                 *             "odds": 2.5,
                 *             "bets": [
                 *               {
                 *                 "tournament_name": "Premier League",
                 *                 "sports_name": "Football",
                 *                 "odds": 2.5,
                 *                 "market": "1X2"
                 *               }
                 *             ],
                 *             "bonus_wager_amount": 0,
                 *             "currency": "EUR",
                 *             "status": "Approved",
                 *             "type": "Bet"
                 *           }
                 *         },
                 *         {
                 *           "event": "realtime-login",
                 *           "data": {
                 *             "user_id": "player-17",
                 *             "timestamp": "2026-01-31T12:00:00Z",
                 *             "unique_id": "l-1"
                 *           }
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": {
                    items: (components["schemas"]["CasinoItem"] | components["schemas"]["PaymentItem"] | components["schemas"]["RegistrationItem"] | components["schemas"]["GameRoundItem"] | components["schemas"]["SportsBetItem"] | components["schemas"]["LoginItem"])[];
                } | (components["schemas"]["CasinoItem"] | components["schemas"]["PaymentItem"] | components["schemas"]["RegistrationItem"] | components["schemas"]["GameRoundItem"] | components["schemas"]["SportsBetItem"] | components["schemas"]["LoginItem"])[];
            };
        };
        responses: {
            /** @description Some items were rejected, the others are stored */
            200: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IngestReport"];
                };
            };
            /** @description Every item is stored, now or before */
            204: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The body is not JSON in UTF-8 | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["MalformedJson"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description The body has too many bytes | The batch has too many items | The body has too many JSON values */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["BodyTooLarge"] | components["schemas"]["TooManyItems"] | components["schemas"]["TooManyValues"];
                };
            };
            /** @description The body is not declared as plain JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UnsupportedMediaType"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The body is neither {"items": [...]} nor an array | Every item was rejected | Some items are invalid and strict handling was asked for: nothing was stored */
            422: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["NotABatch"] | components["schemas"]["AllRejected"] | components["schemas"]["StrictRefusal"];
                };
            };
            /** @description There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getCounters: {
        parameters: {
            query?: {
                /**
                 * @description Only these sections
                 * @example [
                 *       "casino",
                 *       "game_rounds"
                 *     ]
                 */
                include?: ("casino" | "game_rounds" | "payments" | "sports" | "win_streak" | "logins" | "profile")[];
                /**
                 * @description The counters of what the log held then: of events with a recorded_at up to this time, which is also what counts as now. Read from the log itself, so that either consistency is strong. It must not lie in the future; `+` is written `%2B`.
                 * @example 2026-01-31T12:00:00Z
                 */
                as_of?: string;
                /** @description strong: everything in the log when the request came is in the answer, else 503 */
                consistency?: "eventual" | "strong";
            };
            header?: {
                /** @description `wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240). */
                prefer?: string;
                /** @description An ETag of before: `304` if the document is still the same. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The user, as the events name it: 1 to 256 characters
                 * @example player-17
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sections asked for; without `include`, all of them */
            200: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Counters"];
                };
            };
            /** @description As it was when it had the ETag in If-None-Match */
            304: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The user has no events */
            404: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UserNotFound"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description A projection was never rebuilt from the log: it has no numbers until an operator does so */
            409: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionNotBuilt"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The answer would have too many rows: ask for less at once, or read the SQL view | The user has too many payments, bets and currencies to fold again in memory | The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyRows"] | components["schemas"]["HistoryTooLarge"] | components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The code of this process cannot make some of the counters: sending the request again is of no use until it is mended */
            501: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionFailing"];
                };
            };
            /** @description The user's history is long and was not read to its end in time: send the request again, it goes on from there | The projections did not reach the log in time | A projection stopped at one of the user's events | There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HistoryUnfinished"] | components["schemas"]["ProjectionBehind"] | components["schemas"]["ProjectionParked"] | components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getCountersOfUsers: {
        parameters: {
            query?: {
                /**
                 * @description Only these sections
                 * @example [
                 *       "casino",
                 *       "game_rounds"
                 *     ]
                 */
                include?: ("casino" | "game_rounds" | "payments" | "sports" | "win_streak" | "logins" | "profile")[];
                /** @description strong: everything in the log when the request came is in the answer, else 503 */
                consistency?: "eventual" | "strong";
            };
            header?: {
                /** @description `wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240). */
                prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "user_ids": [
                 *         "player-17",
                 *         "player-18"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["UserIds"];
            };
        };
        responses: {
            /** @description In the order asked, all of one moment; users without events are left out */
            200: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountersOfUsers"];
                };
            };
            /** @description The body is not JSON in UTF-8 | The request is not well-formed HTTP | A part of the request is not as documented */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["MalformedJson"] | components["schemas"]["MalformedRequest"] | components["schemas"]["InvalidRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description A projection was never rebuilt from the log: it has no numbers until an operator does so */
            409: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionNotBuilt"];
                };
            };
            /** @description The body has too many bytes */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["BodyTooLarge"];
                };
            };
            /** @description The body is not declared as plain JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UnsupportedMediaType"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The answer would have too many rows: ask for less at once, or read the SQL view | The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyRows"] | components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The code of this process cannot make some of the counters: sending the request again is of no use until it is mended */
            501: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionFailing"];
                };
            };
            /** @description The projections did not reach the log in time | A projection stopped at one of the user's events | There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionBehind"] | components["schemas"]["ProjectionParked"] | components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getGames: {
        parameters: {
            query?: {
                /**
                 * @description Only these sections
                 * @example [
                 *       "casino_by_game",
                 *       "game_rounds_by_game"
                 *     ]
                 */
                include?: ("casino_by_game" | "game_rounds_by_game")[];
                /** @description Only this game; may be repeated, up to 100 times. Not with limit or cursor. */
                game_id?: string[];
                /** @description Games a page */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
                /** @description strong: everything in the log when the request came is in the answer, else 503 */
                consistency?: "eventual" | "strong";
            };
            header?: {
                /** @description `wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240). */
                prefer?: string;
                /** @description An ETag of before: `304` if the document is still the same. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The user, as the events name it: 1 to 256 characters
                 * @example player-17
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sections asked for; without `include`, both */
            200: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Games"];
                };
            };
            /** @description As it was when it had the ETag in If-None-Match */
            304: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The user has no events */
            404: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UserNotFound"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description A projection was never rebuilt from the log: it has no numbers until an operator does so */
            409: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionNotBuilt"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The answer would have too many rows: ask for less at once, or read the SQL view | The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyRows"] | components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The code of this process cannot make some of the counters: sending the request again is of no use until it is mended */
            501: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionFailing"];
                };
            };
            /** @description The projections did not reach the log in time | A projection stopped at one of the user's events | There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionBehind"] | components["schemas"]["ProjectionParked"] | components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getActivity: {
        parameters: {
            query: {
                /**
                 * @description The first date
                 * @example 2026-01-31
                 */
                from: string;
                /**
                 * @description The last date, included; up to 400 dates day by day, 3660 week by week or month by month
                 * @example 2026-01-31
                 */
                to: string;
                /** @description Weeks begin on the tenant's first day of the week. A week or month that reaches beyond from or to is cut there. */
                granularity?: "day" | "week" | "month";
                /** @description strong: everything in the log when the request came is in the answer, else 503 */
                consistency?: "eventual" | "strong";
            };
            header?: {
                /** @description `wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240). */
                prefer?: string;
                /** @description An ETag of before: `304` if the document is still the same. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The user, as the events name it: 1 to 256 characters
                 * @example player-17
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In order of (from, product, currency); periods in which nothing was counted are left out */
            200: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Activity"];
                };
            };
            /** @description As it was when it had the ETag in If-None-Match */
            304: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The user has no events */
            404: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UserNotFound"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description A projection was never rebuilt from the log: it has no numbers until an operator does so */
            409: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionNotBuilt"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The answer would have too many rows: ask for less at once, or read the SQL view | The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyRows"] | components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The code of this process cannot make some of the counters: sending the request again is of no use until it is mended */
            501: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionFailing"];
                };
            };
            /** @description The projections did not reach the log in time | A projection stopped at one of the user's events | There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionBehind"] | components["schemas"]["ProjectionParked"] | components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getLeaderboard: {
        parameters: {
            query?: {
                /** @description Weeks begin on the tenant's first day of the week. login_streak goes over all times only. */
                period?: "day" | "week" | "month" | "all";
                /**
                 * @description Any date of the period; today unless given. Of no consequence for all.
                 * @example 2026-01-31
                 */
                date?: string;
                /**
                 * @description In either case. Needed but for login_streak, which has none.
                 * @example EUR
                 */
                currency?: string;
                /** @description strong: everything in the log when the request came is in the answer, else 503 */
                consistency?: "eventual" | "strong";
                /** @description Users */
                limit?: number;
            };
            header?: {
                /** @description `wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240). */
                prefer?: string;
                /** @description An ETag of before: `304` if the document is still the same. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description What is compared
                 * @example casino_turnover
                 */
                board: "casino_turnover" | "round_turnover" | "round_wins" | "biggest_multiplier" | "sports_turnover" | "login_streak";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The first users of the board, in its order */
            200: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Leaderboard"];
                };
            };
            /** @description As it was when it had the ETag in If-None-Match */
            304: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description A projection was never rebuilt from the log: it has no numbers until an operator does so */
            409: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionNotBuilt"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The code of this process cannot make some of the counters: sending the request again is of no use until it is mended */
            501: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionFailing"];
                };
            };
            /** @description The projections did not reach the log in time | A projection stopped at one of the user's events | There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionBehind"] | components["schemas"]["ProjectionParked"] | components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getLeaderboardPlace: {
        parameters: {
            query?: {
                /** @description Weeks begin on the tenant's first day of the week. login_streak goes over all times only. */
                period?: "day" | "week" | "month" | "all";
                /**
                 * @description Any date of the period; today unless given. Of no consequence for all.
                 * @example 2026-01-31
                 */
                date?: string;
                /**
                 * @description In either case. Needed but for login_streak, which has none.
                 * @example EUR
                 */
                currency?: string;
                /** @description strong: everything in the log when the request came is in the answer, else 503 */
                consistency?: "eventual" | "strong";
                /** @description Users shown above, and as many below */
                neighbours?: number;
            };
            header?: {
                /** @description `wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240). */
                prefer?: string;
                /** @description An ETag of before: `304` if the document is still the same. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description What is compared
                 * @example casino_turnover
                 */
                board: "casino_turnover" | "round_turnover" | "round_wins" | "biggest_multiplier" | "sports_turnover" | "login_streak";
                /**
                 * @description The user, as the events name it: 1 to 256 characters
                 * @example player-17
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user's place and those next to it */
            200: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaderboardPlace"];
                };
            };
            /** @description As it was when it had the ETag in If-None-Match */
            304: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The user has no score on this leaderboard */
            404: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UserNotOnLeaderboard"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description A projection was never rebuilt from the log: it has no numbers until an operator does so */
            409: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionNotBuilt"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The code of this process cannot make some of the counters: sending the request again is of no use until it is mended */
            501: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionFailing"];
                };
            };
            /** @description The projections did not reach the log in time | A projection stopped at one of the user's events | There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionBehind"] | components["schemas"]["ProjectionParked"] | components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getEvents: {
        parameters: {
            query?: {
                /** @description Events a page */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
                /** @description Either is strong here: events are read from the log itself */
                consistency?: "eventual" | "strong";
            };
            header?: {
                /** @description An ETag of before: `304` if the document is still the same. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The user, as the events name it: 1 to 256 characters
                 * @example player-17
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Newest first. A page may have fewer events than its limit, and at least one, where there are more: as long as `next_cursor` is no null */
            200: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Events"];
                };
            };
            /** @description As it was when it had the ETag in If-None-Match */
            304: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The user has no events */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UserNotFound"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    explainCounter: {
        parameters: {
            query: {
                /**
                 * @description The names that lead to the value in the counters document, joined by dots. Within a name `~` is written `~0` and `.` is written `~1`: the bets in a currency "A.B" are `casino.A~1B.bet_amount`.
                 * @example casino.EUR.bet_amount
                 */
                path: string;
                /** @description Contributions a page */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
                /** @description Either is strong here: events are read from the log itself */
                consistency?: "eventual" | "strong";
            };
            header?: {
                /** @description An ETag of before: `304` if the document is still the same. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The user, as the events name it: 1 to 256 characters
                 * @example player-17
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The value, and a page of the events that made it */
            200: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            /** @description As it was when it had the ETag in If-None-Match */
            304: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The user has no events | The user's counters have never had a value at the path */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UserNotFound"] | components["schemas"]["CounterNotFound"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The user has too many payments, bets and currencies to fold again in memory | The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HistoryTooLarge"] | components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The code of this process cannot make some of the counters: sending the request again is of no use until it is mended */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionFailing"];
                };
            };
            /** @description The user's history is long and was not read to its end in time: send the request again, it goes on from there | A projection stopped at one of the user's events | There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HistoryUnfinished"] | components["schemas"]["ProjectionParked"] | components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getUsers: {
        parameters: {
            query?: {
                /** @description Users a page */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
                /** @description Either is strong here: users are read from the log itself */
                consistency?: "eventual" | "strong";
            };
            header?: {
                /** @description An ETag of before: `304` if the document is still the same. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order of the ids' UTF-8 bytes. A page may have fewer users than its limit where there are more: as long as `next_cursor` is no null */
            200: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Users"];
                };
            };
            /** @description As it was when it had the ETag in If-None-Match */
            304: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getChanges: {
        parameters: {
            query?: {
                /** @description `next_cursor` of any answer before. */
                cursor?: string;
                /** @description Where to begin without a cursor. start: every user of the tenant is told once, in pages. now: the answer is empty, and its cursor is where things stand. */
                from?: "start" | "now";
                /**
                 * @description Answers each user's document with these sections; `all` for all that can be read now. Up to 500 users, and fewer if the documents have more than 8 MiB.
                 * @example [
                 *       "all",
                 *       "casino"
                 *     ]
                 */
                include?: ("all" | "casino" | "game_rounds" | "payments" | "sports" | "win_streak" | "logins" | "profile")[];
                /** @description Most users in an answer */
                limit?: number;
                /** @description Seconds to wait for a change if there is none. 0: one bounded look. Without a cursor nobody waits */
                wait?: number;
                /** @description strong: everything in the log when the request came is in the answer, else 503 */
                consistency?: "eventual" | "strong";
            };
            header?: {
                /** @description `wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240). */
                prefer?: string;
                /** @description An ETag of before: `304` if the document is still the same. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What has changed after the cursor. Apply `kept`, then `erased`, then `changes`. */
            200: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Changes"];
                };
            };
            /** @description As it was when it had the ETag in If-None-Match */
            304: {
                headers: {
                    /** @description For If-None-Match */
                    etag: string;
                    /** @description It may be kept, and is asked about before it is used again */
                    "cache-control": "private, no-cache";
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description A projection was never rebuilt from the log: it has no numbers until an operator does so */
            409: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionNotBuilt"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The answer would have too many bytes: ask for less at once */
            422: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["AnswerTooLarge"];
                };
            };
            /** @description The tenant has too many requests waiting for changes | The tenant has too many readings under way: send the request again later | There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyPolls"] | components["schemas"]["TooManyReads"] | components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The code of this process cannot make some of the counters: sending the request again is of no use until it is mended */
            501: {
                headers: {
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionFailing"];
                };
            };
            /** @description The projections did not reach the log in time | There is too much in flight: send the request again later | The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    /** @description The preference of Prefer that was followed, if any was */
                    "preference-applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProjectionBehind"] | components["schemas"]["Overloaded"] | components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    eraseUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The user, as the events name it: 1 to 256 characters
                 * @example player-17
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is not found any more, and the erasure goes on by itself: to hear of its end, send the request again */
            202: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErasureUnderWay"];
                };
            };
            /** @description Nothing is known of the user any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description There is no valid key in the request */
            401: {
                headers: {
                    /** @description How a key may be sent */
                    "www-authenticate": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unauthenticated"];
                };
            };
            /** @description The key does not have the scope this needs */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Forbidden"];
                };
            };
            /** @description Nothing is known of the user */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["NothingKnown"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description There is more than is taken in a second: send the request again later */
            429: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["TooManyRequests"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The database cannot be reached or used: send the request again later | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Unavailable"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process runs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["MalformedRequest"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: {
                /**
                 * @description What the process is to be ready for: `ingestion` unless given
                 * @example reading
                 */
                for?: "ingestion" | "reading";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can do its work */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
            /** @description A part of the request is not as documented | The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InvalidRequest"] | components["schemas"]["MalformedRequest"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The process cannot do its work now | The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["NotReady"] | components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As they are now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; version=0.0.4": string;
                };
            };
            /** @description The request is not well-formed HTTP */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["MalformedRequest"];
                };
            };
            /** @description The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["RequestTimeout"];
                };
            };
            /** @description The expectation cannot be met */
            417: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ExpectationFailed"];
                };
            };
            /** @description The URL and the headers have too many bytes */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["HeadersTooLarge"];
                };
            };
            /** @description The service failed: this is a bug in it */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["InternalError"];
                };
            };
            /** @description The service is stopping: send the request again */
            503: {
                headers: {
                    /** @description Seconds after which to send the request again */
                    "retry-after": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ShuttingDown"];
                };
            };
        };
    };
}
