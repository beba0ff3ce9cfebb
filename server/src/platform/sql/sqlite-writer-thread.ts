import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { LRUCache } from 'lru-cache'
import { sqliteCodeOf } from '../process/outage.ts'
import { busyTimeoutMs } from './busy-timeout.ts'
import type { WriterCommand, WriterFailure, WriterReply, WriterResult } from './sqlite-writer.ts'

/*
 * The thread that owns the writing connection. It executes commands in order. A flush to the disk blocks this thread instead
 * of the event loop.
 */
const port = parentPort
if (port === null) throw new Error('this file must run in a worker thread')
const { file } = workerData as { file: string }
const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
database.exec('pragma journal_mode = wal')
database.exec('pragma synchronous = full')
database.exec('pragma foreign_keys = on')
database.exec('pragma cache_size = -16384')
database.exec('pragma temp_store = memory')
// Usually, the checkpoint thread copies the log before the log has this number of pages.
database.exec('pragma wal_autocheckpoint = 4000')

/** The prepared statements by their SQL. Preparing a statement takes longer than running most statements. */
const statements = new LRUCache<string, StatementSync>({ max: 500 })

function statement(sql: string): StatementSync {
  const known = statements.get(sql)
  if (known !== undefined) return known
  const made = database.prepare(sql)
  statements.set(sql, made)
  return made
}

/** The reason why no transaction is open. Undefined while a transaction is open. */
let noTransaction: Error | undefined = new Error('no transaction is open')

/** The last SQLite error in this transaction, which is the reason if SQLite rolled the transaction back. */
let lastFailure: unknown

/**
 * The reason after the end of each transaction. Creating a new error for each transaction would take as long as the
 * statements.
 */
const isOver = new Error('the transaction has ended')

/**
 * Throws if no transaction is open. A `begin` may fail after later commands were sent, and SQLite ends a transaction by
 * itself on a full disk. Without this check, each later statement would be a separate transaction.
 */
function requireTransaction(): void {
  if (noTransaction !== undefined) throw noTransaction
  if (!database.isTransaction) throw new Error('the transaction was rolled back', { cause: lastFailure })
}

function begin(): void {
  try {
    statement('begin immediate').run()
    noTransaction = undefined
    lastFailure = undefined
  } catch (error) {
    noTransaction = error instanceof Error ? error : new Error(String(error))
    throw error
  }
}

function end(sql: 'commit' | 'rollback'): void {
  if (sql === 'commit') requireTransaction()
  statement(sql).run()
  noTransaction = isOver
}

function openSavepoint(): void {
  requireTransaction()
  statement('savepoint work').run()
}

/** Rolls back the savepoint. If this fails, the transaction ends and its commit fails. */
function rollBackSavepoint(): void {
  try {
    requireTransaction()
    statement('rollback to work').run()
    statement('release work').run()
  } catch (cause) {
    noTransaction ??= new Error('the transaction was rolled back', { cause: lastFailure ?? cause })
  }
}

function execute(sql: string, parameters: readonly unknown[]): WriterResult {
  requireTransaction()
  const prepared = statement(sql)
  if (prepared.columns().length > 0) return { rows: prepared.all(...(parameters as SQLInputValue[])), changes: 0 }
  return { rows: [], changes: Number(prepared.run(...(parameters as SQLInputValue[])).changes) }
}

function addRows(sql: string, rows: readonly (readonly unknown[])[]): void {
  openSavepoint()
  try {
    const prepared = statement(sql)
    for (const row of rows) prepared.run(...(row as SQLInputValue[]))
    statement('release work').run()
  } catch (error) {
    lastFailure = error
    rollBackSavepoint()
    throw error
  }
}

function run(command: WriterCommand): WriterResult | undefined {
  switch (command.kind) {
    case 'begin':
      begin()
      return undefined
    case 'commit':
    case 'rollback':
      end(command.kind)
      return undefined
    case 'open-savepoint':
      openSavepoint()
      return undefined
    case 'keep-savepoint':
      execute('release work', [])
      return undefined
    case 'roll-back-savepoint':
      rollBackSavepoint()
      requireTransaction()
      return undefined
    case 'statement':
      return execute(command.sql, command.parameters)
    case 'rows':
      addRows(command.sql, command.rows)
      return undefined
  }
}

function replyTo(command: WriterCommand): WriterReply {
  try {
    return run(command)
  } catch (error) {
    if (sqliteCodeOf(error) !== undefined) lastFailure = error
    return failureOf(error)
  }
}

function failureOf(error: unknown): WriterFailure {
  let cause = error
  while (cause instanceof Error && sqliteCodeOf(cause) === undefined && cause.cause !== undefined) cause = cause.cause
  return { message: error instanceof Error ? error.message : String(error), code: sqliteCodeOf(cause) }
}

port.on('message', (commands: readonly WriterCommand[] | 'close') => {
  if (commands !== 'close') {
    port.postMessage(commands.map(replyTo))
    return
  }
  database.close()
  port.postMessage('closed')
  port.close()
})
port.postMessage('open')
