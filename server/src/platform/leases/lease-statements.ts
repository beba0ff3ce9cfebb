/** The channels of notifications. The payload of a notification is a revision. */
export const leaseChannels = { revision: 'acrux_authority_revision', acknowledged: 'acrux_authority_acknowledged' }

/**
 * The length of a lease in milliseconds, which all replicas of a database share. This length also limits the time of a
 * revocation.
 */
const lengthMs = 2000

/**
 * The number of the server's timeline, which increases with each failover. This statement fails on a standby.
 * [PostgreSQL, Timelines]
 */
const timeline = `('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint`

/**
 * The number of the lock for commits that depend on the authority revision. No other lock uses this number.
 * [PostgreSQL, Advisory Locks]
 */
const commitLock = 7_236_402

/**
 * The maximum time that a commit waits for a lock. A process holds these locks only for one message. The exception is a
 * process of an older version that stops between the increment of the revision and the commit.
 */
const maxCommitLockMs = 5000

/** The `SQLSTATE` of a statement that waited for a lock for too long. */
export const lockNotAvailable = '55P03'

/** The `SQLSTATE` of a commit whose caller was admitted at another authority revision. */
export const movedState = 'AX001'

/** Sets the maximum time that a statement waits for a lock. */
const lockTimeout = `set_config('lock_timeout', '${maxCommitLockMs}', true)`

/** The tables of the authority revision and of its leases. */
export const leaseTables: readonly string[] = [
  'authority_revision',
  'authority_lease',
  'authority_lease_terms',
  'authority_fence',
]

/** Creates the tables of the authority revision and of its leases, unless they exist. */
export const leaseSchema: readonly string[] = [
  `create table if not exists authority_revision ("only" integer primary key check ("only" = 1),
    value bigint not null, content bigint not null)`,
  `insert into authority_revision ("only", value, content) values (1, 1, 1) on conflict do nothing`,
  `create table if not exists authority_lease (replica text primary key, acknowledged bigint not null)`,
  `create table if not exists authority_lease_terms ("only" integer primary key check ("only" = 1),
    length_ms integer not null, settled_timeline bigint not null)`,
  `insert into authority_lease_terms ("only", length_ms, settled_timeline) values (1, ${lengthMs}, ${timeline})
    on conflict do nothing`,
  `create table if not exists authority_fence ("only" integer primary key check ("only" = 1), value bigint not null)`,
  // This trigger also works for an older version that increments the revision but does not update the fence.
  `create or replace function acrux_move_authority_fence() returns trigger language plpgsql as
    'begin update authority_fence set value = new.value where "only" = 1; return null; end'`,
  `do $$ begin
    if not exists (select from pg_trigger where tgname = 'acrux_authority_fence'
        and tgrelid = 'authority_revision'::regclass) then
      create trigger acrux_authority_fence after update of value on authority_revision
        for each row when (old.value is distinct from new.value) execute function acrux_move_authority_fence();
      alter table authority_revision enable always trigger acrux_authority_fence;
    end if;
  end $$`,
  // This statement runs after the trigger was created. The creation of the trigger waits for the revocations of older
  // versions, so the fence also contains their value.
  `insert into authority_fence ("only", value) select 1, value from authority_revision where "only" = 1
    on conflict do nothing`,
  // The statements are in a procedure, because each session plans the statements of a procedure once: see
  // docs/decisions/0024-work-under-way.md. All versions share this procedure.
  `create or replace procedure acrux_require_authority(admitted bigint) language plpgsql as $$ begin
    perform ${lockTimeout}, pg_advisory_xact_lock_shared(${commitLock});
    perform from authority_fence where "only" = 1 and (${timeline} << 32) + value = admitted for share;
    if not found then
      raise exception 'the authority revision has moved' using errcode = '${movedState}';
    end if;
  end $$`,
]

/**
 * A revision, and the two revisions of which it is the sum. If one of the two revisions changes, the sum changes. A
 * lease on the sum is therefore a lease on both revisions.
 */
export type Revisions = {
  /** The sum, which leases and revocations use. */
  readonly revision: number
  /** The authority revision, which changes with permissions and credentials. */
  readonly authority: number
  /** The content revision, which changes when users lose access to content that they could read. */
  readonly content: number
}

/** Increments the authority revision by $1 and the content revision by $2. Each increment is 1 or 0. */
export const raiseRevisions = `update authority_revision
  set value = value + $1::bigint, content = content + $2::bigint where "only" = 1`

/** The changes of a transaction in addition to its rows, and the revision that the transaction depends on. */
export type CommitTerms = {
  /** The increments of the two revisions, each 1 or 0. */
  readonly authority: number
  readonly content: number
  /** The authority revision at which the caller was admitted. Undefined if the transaction depends on no decision. */
  readonly admittedAt: number | undefined
}

/**
 * The commit of a transaction as one message, so that the database server holds the locks only during the commit. A
 * replica that stops before the commit therefore holds no lock.
 *
 * A commit that depends on a revision locks the fence, which is a row that changes only with the authority revision. If
 * another transaction changed the row after the snapshot of this transaction, the lock fails with 40001. If the change
 * was before the snapshot, the statement finds no row. The advisory locks are granted in order, so that a revocation
 * does not wait behind later commits.
 */
export function commitMessage({ authority, content, admittedAt }: CommitTerms): string {
  const statements: string[] = []
  if (authority > 0) statements.push(`select ${lockTimeout}, pg_advisory_xact_lock(${commitLock})`)
  if (admittedAt !== undefined) statements.push(`call acrux_require_authority(${admittedAt})`)
  if (authority + content > 0) {
    statements.push(`update authority_revision
      set value = value + ${authority}, content = content + ${content} where "only" = 1`)
  }
  return [...statements, 'commit'].join('; ')
}

/**
 * Selects the {@link Revisions}, with the timeline in their upper half. A failover may lose the latest revisions, and
 * the new server then uses the same values again. The timeline distinguishes these values.
 */
export const selectRevisions = `select failovers + value + content as revision, failovers + value as authority,
    failovers + content as content
  from authority_revision, (select ${timeline} << 32 as failovers) as server where "only" = 1`

/** Selects the length of all leases. */
export const selectLength = `select length_ms from authority_lease_terms where "only" = 1`

/**
 * Stores that a replica ($1) acknowledges a revision ($2). A statement of a lost connection may run after a later
 * statement, so the value never decreases. The row is durable when the statement returns, regardless of the server's
 * settings. Otherwise a crash could lose a lease, and no revocation would wait for this lease.
 */
export const acknowledgeRevision = `with durable as (select set_config('synchronous_commit', 'on', true))
  insert into authority_lease (replica, acknowledged) select $1, $2::bigint from durable
  on conflict (replica) do update set acknowledged = greatest(authority_lease.acknowledged, excluded.acknowledged)`

/**
 * Selects the standing of the leases of all replicas except one replica ($1), for a revision ($2) or for the current
 * revision.
 */
export const selectStanding = `select current.revision,
    (select count(*) from authority_lease
      where replica <> $1 and acknowledged < coalesce($2::bigint, current.revision)) as behind,
    terms.settled_timeline >= coalesce($2::bigint, current.revision) >> 32 as is_timeline_settled
  from (${selectRevisions}) as current, authority_lease_terms as terms where terms."only" = 1`

/** Deletes the expired leases with an earlier revision than $1, and settles the timeline of this revision. */
export const expireLeases = `with expired as (delete from authority_lease where acknowledged < $1::bigint)
  update authority_lease_terms set settled_timeline = $1::bigint >> 32 where settled_timeline < $1::bigint >> 32`

/** Deletes the lease of a replica ($1). */
export const deleteLease = `delete from authority_lease where replica = $1`

/**
 * Sends a notification with a payload ($2) to a channel ($1). The transaction is not durable, so that the notification
 * does not wait until the commit is on disk.
 */
export const sendNotification = `select pg_notify($1, $2) from set_config('synchronous_commit', 'off', true)`
