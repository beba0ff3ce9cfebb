import pino from 'pino'

/** The server's log: one JSON object a line. */
export type Log = pino.Logger

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/**
 * Opens the log. Whatever is called like a secret is replaced before it is written, whoever logs it; the second line
 * of defence, the first being that nobody does.
 */
export function createLog(level: LogLevel, destination?: pino.DestinationStream): Log {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: redactedPaths, censor: '[redacted]' },
  }
  return destination === undefined
    ? pino(options, pino.destination({ fd: 2, sync: false }))
    : pino(options, destination)
}

const secretKeys = [
  'password',
  'secret',
  'secretText',
  'authorization',
  'access_token',
  'refresh_token',
  'client_secret',
  'client_assertion',
  'token',
]
const redactedPaths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`])
