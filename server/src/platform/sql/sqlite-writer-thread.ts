import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { WriterReply, WriterRequest } from './sqlite-writer.ts'

/*
 * The thread that owns the writing connection. It carries out what it is sent, in order; a flush to the disk blocks
 * this thread and not the event loop.
 */
const port = parentPort
if (port === null) throw new Error('this file is the body of a worker thread')
const { file } = workerData as { file: string }
const database = new DatabaseSync(file, { timeout: 10_000 })
database.exec('pragma journal_mode = wal')
database.exec('pragma synchronous = full')
database.exec('pragma foreign_keys = on')
database.exec('pragma cache_size = -65536')
database.exec('pragma temp_store = memory')

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

function carryOut(request: WriterRequest): WriterReply {
  try {
    if (request.parameters === undefined) {
      database.exec(request.sql)
      return { id: request.id, rows: [], changes: 0 }
    }
    // On a full disk SQLite ends the transaction by itself; what follows would each be a transaction of its own.
    if (!database.isTransaction) throw new Error('the transaction was undone')
    const prepared = statement(request.sql)
    if (prepared.columns().length > 0) {
      return { id: request.id, rows: prepared.all(...(request.parameters as SQLInputValue[])), changes: 0 }
    }
    const { changes } = prepared.run(...(request.parameters as SQLInputValue[]))
    return { id: request.id, rows: [], changes: Number(changes) }
  } catch (error) {
    return { id: request.id, error: error instanceof Error ? error.message : String(error) }
  }
}

port.on('message', (request: WriterRequest | 'close') => {
  if (request !== 'close') {
    port.postMessage(carryOut(request))
    return
  }
  database.close()
  port.postMessage('closed')
  port.close()
})
port.postMessage('open')
