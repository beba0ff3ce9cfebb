import type { Findings } from '@acrux/shared/reports/findings.ts'
import { sql } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Actor } from '../protocol/ports.ts'
import { chunked } from '../rows/piece-store.ts'
import type { AttachedReportRow, RegistryTables } from '../rows/rows.ts'
import type { Attachment } from './find-report.ts'

/** The maximum number of reports of one caller, and in one repository, that wait to be read. */
export const maxWaiting = 200

const isWaiting = sql<boolean>`state = 'waiting'`
const isSummary = sql<boolean>`is_summary = 1`

/** Whether another report of a caller may wait in a repository. Not exact if several are pushed at once. */
export async function mayWait(
  database: Database,
  { rid, repository, callerKey }: { readonly rid: string; readonly repository: string; readonly callerKey: string },
): Promise<boolean> {
  const waiting = () =>
    database.tables<RegistryTables>().selectFrom('attached_report').select('digest').where(isWaiting)
  const ofCaller = await waiting().where('caller_key', '=', callerKey).limit(maxWaiting).execute()
  if (ofCaller.length === maxWaiting) return false
  const inRepository = await waiting()
    .where('repository_id', 'in', (query) =>
      query.selectFrom('repository').select('id').where('rid', '=', rid).where('name', '=', repository),
    )
    .limit(maxWaiting)
    .execute()
  return inRepository.length < maxWaiting
}

/** A report that was pushed. */
export type PushedReport = Attachment & {
  readonly repositoryId: string
  readonly digest: string
  readonly nowMs: number
  readonly callerKey: string
  readonly by: Actor | undefined
  /** Whether it waits to be read. Otherwise too many wait already. */
  readonly waits: boolean
}

const tooMany = 'Too many reports waited to be read. Push the report again.'

/** Lets a pushed report wait until it is read, unless it has been read before. */
export async function queueReport(transaction: Transaction, report: PushedReport): Promise<void> {
  const { repositoryId, digest, subject, byTag, by } = report
  const tables = transaction.tables<RegistryTables>()
  const queued = {
    subject_digest: subject,
    by_tag: byTag ? 1 : 0,
    state: report.waits ? ('waiting' as const) : ('unreadable' as const),
    attempts: 0,
    pushed_at_ms: report.nowMs,
    caller_key: report.callerKey,
    by_kind: by?.kind ?? null,
    by_id: by?.id ?? null,
    by_name: by?.name ?? null,
    reason: report.waits ? null : tooMany,
    ...nothingFound,
  }
  if (byTag) await replaceTagReports(transaction, repositoryId, subject, digest)
  await tables
    .insertInto('attached_report')
    .values({ repository_id: repositoryId, digest, ...queued })
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'digest']).doUpdateSet(queued).where('attached_report.state', '<>', 'read'),
    )
    .execute()
}

const nothingFound = {
  kind: null,
  packages: null,
  critical: null,
  high: null,
  medium: null,
  low: null,
  unknown: null,
  fixable: null,
  scanner: null,
  counts: 0,
  is_summary: 0,
} as const

/** A report that waits, with the repository that has it. */
export type WaitingReport = AttachedReportRow & { readonly rid: string; readonly repository: string }

/** The reports that have waited longest. */
export function readWaiting(database: Database, limit: number): Promise<WaitingReport[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('attached_report')
    .innerJoin('repository', 'repository.id', 'attached_report.repository_id')
    .selectAll('attached_report')
    .select(['repository.rid', 'repository.name as repository'])
    .where(isWaiting)
    .orderBy('attached_report.pushed_at_ms')
    .orderBy('attached_report.digest')
    .limit(limit)
    .execute()
}

type Place = Pick<AttachedReportRow, 'repository_id' | 'digest'>

/** Records how often a process began to read a report, which may end the process. */
export async function recordAttempts(
  transaction: Transaction,
  { repository_id, digest }: Place,
  attempts: number,
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('attached_report')
    .set({ attempts })
    .where('repository_id', '=', repository_id)
    .where('digest', '=', digest)
    .execute()
}

/** What was found in a report, or why it cannot be read. */
export type Reading = { readonly findings: Findings | undefined } | { readonly unreadable: string }

/** The ids of the principals whose reports count; if there are none, all reports count. */
export type CountedPrincipals = readonly string[]

function isCountedBy(counted: CountedPrincipals, id: string | null): boolean {
  return counted.length === 0 || (id !== null && counted.includes(id))
}

/** Records what was found in a report, and selects the summary of the manifest. Nothing if the report was deleted. */
export async function recordReading(
  transaction: Transaction,
  report: Place & Pick<AttachedReportRow, 'subject_digest' | 'by_id'>,
  reading: Reading,
  counted: CountedPrincipals,
): Promise<void> {
  const found = 'findings' in reading ? reading.findings : undefined
  const { repository_id, digest, subject_digest } = report
  await transaction
    .tables<RegistryTables>()
    .updateTable('attached_report')
    .set({
      ...nothingFound,
      state: 'findings' in reading ? 'read' : 'unreadable',
      reason: 'unreadable' in reading ? reading.unreadable : null,
      kind: found?.kind ?? null,
      packages: found?.packages ?? null,
      scanner: found?.scanner ?? null,
      ...found?.counts,
      counts: found?.counts !== undefined && isCountedBy(counted, report.by_id) ? 1 : 0,
    })
    .where('repository_id', '=', repository_id)
    .where('digest', '=', digest)
    .execute()
  await selectSummary(transaction, repository_id, subject_digest)
}

/** Selects the newest report that counts as the summary of a manifest. */
async function selectSummary(transaction: Transaction, repositoryId: string, subject: string): Promise<void> {
  const tables = transaction.tables<RegistryTables>()
  await tables
    .updateTable('attached_report')
    .set({ is_summary: 0 })
    .where('repository_id', '=', repositoryId)
    .where('subject_digest', '=', subject)
    .where(isSummary)
    .execute()
  await tables
    .updateTable('attached_report')
    .set({ is_summary: 1 })
    .where('repository_id', '=', repositoryId)
    .where('digest', 'in', (query) =>
      query
        .selectFrom('attached_report as newest')
        .select('newest.digest')
        .where('newest.repository_id', '=', repositoryId)
        .where('newest.subject_digest', '=', subject)
        .where(sql<boolean>`newest.counts = 1`)
        .orderBy('newest.pushed_at_ms', 'desc')
        .orderBy('newest.digest', 'desc')
        .limit(1),
    )
    .execute()
}

const recountedAtOnce = 200

/** Selects the summaries again after the setting of the principals whose reports count has changed. */
export async function recountReports(database: Database, counted: CountedPrincipals): Promise<void> {
  for (;;) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('attached_report')
      .select(['repository_id', 'digest', 'subject_digest', 'by_id', 'counts'])
      .where('kind', '=', 'vulnerabilities')
      .where((row) =>
        counted.length === 0
          ? row('counts', '=', 0)
          : row.or([
              row.and([row('counts', '=', 0), row('by_id', 'in', counted)]),
              row.and([row('counts', '=', 1), row.or([row('by_id', 'is', null), row('by_id', 'not in', counted)])]),
            ]),
      )
      .limit(recountedAtOnce)
      .execute()
    if (rows.length === 0) return
    await database.transaction(async (transaction) => {
      for (const { repository_id, digest, subject_digest, by_id } of rows) {
        await transaction
          .tables<RegistryTables>()
          .updateTable('attached_report')
          .set({ counts: isCountedBy(counted, by_id) ? 1 : 0 })
          .where('repository_id', '=', repository_id)
          .where('digest', '=', digest)
          .execute()
        await selectSummary(transaction, repository_id, subject_digest)
      }
    })
  }
}

/** Deletes the report of a deleted manifest, or moves it with the manifest to another repository. */
export async function moveReport(
  transaction: Transaction,
  { from, to, digest }: { readonly from: string; readonly to: string | undefined; readonly digest: string },
): Promise<void> {
  const tables = transaction.tables<RegistryTables>()
  const row = await tables
    .selectFrom('attached_report')
    .select(['subject_digest'])
    .where('repository_id', '=', from)
    .where('digest', '=', digest)
    .executeTakeFirst()
  if (row === undefined) return
  const gone = to ?? from
  await tables.deleteFrom('attached_report').where('repository_id', '=', gone).where('digest', '=', digest).execute()
  if (to !== undefined) {
    await tables
      .updateTable('attached_report')
      .set({ repository_id: to, is_summary: 0 })
      .where('repository_id', '=', from)
      .where('digest', '=', digest)
      .execute()
    await selectSummary(transaction, to, row.subject_digest)
  }
  await selectSummary(transaction, from, row.subject_digest)
}

/** Ignores the reports that were attached to a manifest by the name of a tag, which now points elsewhere. */
export async function replaceTagReports(
  transaction: Transaction,
  repositoryId: string,
  subject: string,
  kept = '',
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('attached_report')
    .set({ ...nothingFound, state: 'replaced', reason: null })
    .where('repository_id', '=', repositoryId)
    .where('subject_digest', '=', subject)
    .where('by_tag', '=', 1)
    .where('digest', '<>', kept)
    .execute()
  await selectSummary(transaction, repositoryId, subject)
}

/** Reports by their digests. */
export async function readReports(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
): Promise<Map<string, AttachedReportRow>> {
  const found = new Map<string, AttachedReportRow>()
  for (const chunk of chunked(digests)) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('attached_report')
      .selectAll()
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .execute()
    for (const row of rows) found.set(row.digest, row)
  }
  return found
}

/** A manifest of a repository. */
export type ImagePlace = { readonly repositoryId: string; readonly digest: string }

/** The reports that summarize manifests, by the id of the repository and the digest of the manifest. */
export async function readSummaries(
  database: Database,
  images: readonly ImagePlace[],
): Promise<(image: ImagePlace) => AttachedReportRow | undefined> {
  const keyOf = ({ repositoryId, digest }: ImagePlace) => `${repositoryId} ${digest}`
  const found = new Map<string, AttachedReportRow>()
  for (const chunk of chunked(images)) {
    const places = sql.join(chunk.map(({ repositoryId, digest }) => sql`(${repositoryId}, ${digest})`))
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('attached_report')
      .selectAll()
      .where(sql<boolean>`(repository_id, subject_digest) in (values ${places})`)
      .where(isSummary)
      .execute()
    for (const row of rows) found.set(keyOf({ repositoryId: row.repository_id, digest: row.subject_digest }), row)
  }
  return (image) => found.get(keyOf(image))
}
