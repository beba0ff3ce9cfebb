/** The channels of notifications. Their payload is a revision. */
export const leaseChannels = { revision: 'acrux_authority_revision', acknowledged: 'acrux_authority_acknowledged' }

/**
 * The length of a lease in milliseconds, which all replicas of a database share. The length of a lease bounds the
 * time of a revocation.
 */
const lengthMs = 2000

/**
 * The number of failovers of the server, and so of its timelines. This statement fails on a standby. [PostgreSQL,
 * Timelines]
 */
const timeline = `('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint`

/** The lock of commits that are decided by the authority revision. Any number that nothing else uses. [PostgreSQL, Advisory Locks] */
const commitLock = 7_236_402

/**
 * How long a commit waits for a lock. All processes hold these locks for one message, except an older version that stops between its
 * raise of the revision and its commit.
 */
const maxCommitLockMs = 5000

/** The SQLSTATE of a statement that waited for a lock for too long. */
export const lockNotAvailable = '55P03'

/** The SQLSTATE of a commit whose caller was admitted at another authority revision. */
export const movedState = 'AX001'

/** A bound of the wait for a lock. */
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
  // Also for an older version that raises the revision and does not know the fence.
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
  // After the trigger, whose creation waits for the revocations of older versions: the fence has their value, too.
  `insert into authority_fence ("only", value) select 1, value from authority_revision where "only" = 1
    on conflict do nothing`,
  // Each session plans the statements of a procedure once: see docs/decisions/0024-work-under-way.md. All versions share it.
  `create or replace procedure acrux_require_authority(admitted bigint) language plpgsql as $$ begin
    perform ${lockTimeout}, pg_advisory_xact_lock_shared(${commitLock});
    perform from authority_fence where "only" = 1 and (${timeline} << 32) + value = admitted for share;
    if not found then
      raise exception 'the authority revision has moved' using errcode = '${movedState}';
    end if;
  end $$`,
]

/**
 * A revision, and the two that it is the sum of. It changes with each of them, so a lease on the sum is a lease on
 * both: while the sum is unchanged, both are unchanged.
 */
export type Revisions = {
  /** The revisions that leases and revocations use. */
  readonly revision: number
  /** Changes with permissions and credentials. */
  readonly authority: number
  /** Changes when content that could be read may no longer be read. */
  readonly content: number
}

/** Raises the revisions of authority ($1) and of content ($2), by 1 or 0. */
export const raiseRevisions = `update authority_revision
  set value = value + $1::bigint, content = content + $2::bigint where "only" = 1`

/** What a transaction changes in addition to its rows, and what it depends on. */
export type CommitTerms = {
  /** By how much the revisions are raised: by 1 or 0. */
  readonly authority: number
  readonly content: number
  /** The authority revision at which the caller was admitted; undefined if nothing was decided. */
  readonly admittedAt: number | undefined
}

/**
 * The commit of a transaction as one message, so that the database server holds its locks only while it commits. A replica that
 * stops in between has no lock.
 *
 * A commit that depends on a revision locks the fence, a row that changes with the authority revision only. The lock fails
 * with 40001 if the row was changed since the snapshot of the transaction. No row is found if it was changed before the snapshot.
 * The advisory locks keep their order, so that a revocation does not wait behind later commits.
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
 * Selects the {@link Revisions}, with the timeline in their upper half: a failover may lose the latest ones, and the server that
 * continues uses their values again.
 */
export const selectRevisions = `select failovers + value + content as revision, failovers + value as authority,
    failovers + content as content
  from authority_revision, (select ${timeline} << 32 as failovers) as server where "only" = 1`

/** Selects the length of all leases. */
export const selectLength = `select length_ms from authority_lease_terms where "only" = 1`

/**
 * Stores that a replica ($1) knows a revision ($2). A statement of a lost connection may run after a later one. It is durable when
 * it returns, whatever the setting of the server: a lease that a crash loses would not be waited for.
 */
export const acknowledgeRevision = `with durable as (select set_config('synchronous_commit', 'on', true))
  insert into authority_lease (replica, acknowledged) select $1, $2::bigint from durable
  on conflict (replica) do update set acknowledged = greatest(authority_lease.acknowledged, excluded.acknowledged)`

/** Selects the standing of the leases of all replicas but one ($1) for a revision ($2), or for the current one. */
export const selectStanding = `select current.revision,
    (select count(*) from authority_lease
      where replica <> $1 and acknowledged < coalesce($2::bigint, current.revision)) as behind,
    terms.settled_timeline >= coalesce($2::bigint, current.revision) >> 32 as is_timeline_settled
  from (${selectRevisions}) as current, authority_lease_terms as terms where terms."only" = 1`

/** Deletes the leases that are behind a revision ($1) and have ended, and settles its timeline. */
export const expireLeases = `with expired as (delete from authority_lease where acknowledged < $1::bigint)
  update authority_lease_terms set settled_timeline = $1::bigint >> 32 where settled_timeline < $1::bigint >> 32`

/** Deletes the lease of a replica ($1). */
export const deleteLease = `delete from authority_lease where replica = $1`

/**
 * Sends a notification with a payload ($2) to a channel ($1). It need not be durable: otherwise it is sent only when its commit is on
 * disk.
 */
export const sendNotification = `select pg_notify($1, $2) from set_config('synchronous_commit', 'off', true)`
