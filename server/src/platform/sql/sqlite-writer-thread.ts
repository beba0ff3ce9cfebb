import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { sqliteCodeOf } from '../process/outage.ts'
import { busyTimeoutMs } from './busy-timeout.ts'
import type { WriterCommand, WriterFailure, WriterReply, WriterResult } from './sqlite-writer.ts'

/*
 * The thread that owns the writing connection. It carries out what it is sent, in order; a flush to the disk blocks
 * this thread and not the event loop.
 */
const port = parentPort
if (port === null) throw new Error('this file is the body of a worker thread')
const { file } = workerData as { file: string }
const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
database.exec('pragma journal_mode = wal')
database.exec('pragma synchronous = full')
database.exec('pragma foreign_keys = on')
database.exec('pragma cache_size = -65536')
database.exec('pragma temp_store = memory')
// Usually the thread for checkpoints copies the log before it has that many pages.
database.exec('pragma wal_autocheckpoint = 4000')

const statementLimit = 500
const statements = new Map<string, StatementSync>()

function statement(sql: string): StatementSync {
  const known = statements.get(sql)
  if (known !== undefined) return known
  if (statements.size >= statementLimit) statements.clear()
  const made = database.prepare(sql)
  statements.set(sql, made)
  return made
}

/** Why there is no transaction that was begun by command, or undefined while there is one. */
let notBegun: Error | undefined = new Error('no transaction was begun')

/** The last SQLite error in this transaction: the reason if SQLite rolled the transaction back by itself. */
let lastFailure: unknown

/** The reason after each transaction; an error of its own for every one would cost as much as its statements. */
const isOver = new Error('the transaction is over')

/**
 * Whatever follows a `begin` may have been sent before it was known to fail, and on a full disk SQLite ends a transaction
 * by itself: each statement would then be a transaction of its own.
 */
function requireTransaction(): void {
  if (notBegun !== undefined) throw notBegun
  if (!database.isTransaction) throw new Error('the transaction was undone', { cause: lastFailure })
}

function begin(): void {
  try {
    statement('begin immediate').run()
    notBegun = undefined
    lastFailure = undefined
  } catch (error) {
    notBegun = error instanceof Error ? error : new Error(String(error))
    throw error
  }
}

function end(sql: 'commit' | 'rollback'): void {
  if (sql === 'commit') requireTransaction()
  statement(sql).run()
  notBegun = isOver
}

function openSavepoint(): void {
  requireTransaction()
  statement('savepoint work').run()
}

/** Where the savepoint cannot be undone alone, nothing goes on in the transaction: its commit is refused. */
function undoSavepoint(): void {
  try {
    requireTransaction()
    statement('rollback to work').run()
    statement('release work').run()
  } catch (cause) {
    notBegun ??= new Error('the transaction was undone', { cause: lastFailure ?? cause })
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
    undoSavepoint()
    throw error
  }
}

function carryOut(command: WriterCommand): WriterResult | undefined {
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
    case 'undo-savepoint':
      undoSavepoint()
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
    return carryOut(command)
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
