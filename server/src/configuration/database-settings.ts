import { z } from 'zod'
import { type PostgresAddress, parsePostgresUrl } from '../platform/sql/postgres-address.ts'
import { settingTexts, wholeNumber } from './setting-texts.ts'
import { path, text } from './setting-values.ts'

const passwordError = 'must contain no password: set database.passwordFile or database.passwordCommand'

/**
 * The URL of a server, without a password. An error message about the URL does not contain the URL, because it may
 * contain a password.
 */
function databaseUrl() {
  return z.string({ error: 'must be postgres://USER@HOST/DATABASE' }).transform((value, context): PostgresAddress => {
    const parsed = parsePostgresUrl(value)
    const message = typeof parsed === 'string' ? parsed : passwordError
    if (typeof parsed !== 'string' && parsed.password === undefined) return parsed
    context.issues.push({ code: 'custom', message, input: undefined })
    return z.NEVER
  })
}

/** The settings in `database`: the PostgreSQL server that holds the rows. */
export const databaseSettings = z
  .strictObject(
    {
      url: databaseUrl().optional().register(settingTexts, {
        kind: 'text',
        isGroupValue: true,
        description:
          'The URL `postgres://USER@HOST:PORT/DATABASE` of the PostgreSQL database that stores all rows. The server requires PostgreSQL 15 or newer. Blobs remain in `dataDir`. Without `masterKey`, the master key also remains in `dataDir`. Connections to another machine use TLS and verify the certificate; `?sslmode=disable` turns TLS off. The URL may point to PgBouncer in transaction mode. In the configuration file, write `database: URL` if you set no other `database.*` setting. See [PostgreSQL](../how-to/postgresql.md).',
        placeholder: 'url',
        example: 'postgres://acrux@db.example.com/acrux',
        defaultText: 'SQLite, in the file `acrux.db` in the data directory',
      }),
      directUrl: databaseUrl().optional().register(settingTexts, {
        kind: 'text',
        description:
          'The URL of the PostgreSQL server itself, if `database` is the URL of a pooler such as PgBouncer. The server uses this URL for database notifications and schema changes. Without this setting, a revocation takes effect up to 0.7 seconds later if the server connects through a pooler.',
        placeholder: 'url',
        example: 'postgres://acrux@db.example.com/acrux',
        defaultText: '`database`',
      }),
      passwordFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          'The file with the password of the database user, on one line. Only the user that runs the server may have access to the file. The server reads the file for each new connection, so that the password can be changed without a restart.',
        placeholder: 'file',
        example: '/etc/acrux/database.password',
        defaultText: 'no password',
      }),
      passwordCommand: text(/^[^\0]{1,4096}$/, 'must be a command')
        .optional()
        .register(settingTexts, {
          kind: 'text',
          description:
            'A shell command that prints the password of the database user, such as an access token. The server runs the command for a new connection if the last output is older than a minute.',
          placeholder: 'command',
          example: 'az account get-access-token --resource-type oss-rdbms --query accessToken -o tsv',
          defaultText: 'none',
        }),
      caFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          'A PEM file with the certificate authorities that may sign the certificate of the database server. The server trusts no other certificate authority.',
        placeholder: 'file',
        example: '/etc/acrux/database-ca.pem',
        defaultText: 'the certificate authorities that Node.js trusts',
      }),
      maxReadConnections: wholeNumber(1, 1000).default(10).register(settingTexts, {
        kind: 'number',
        description: 'The maximum number of database connections for statements that only read data.',
        placeholder: 'number',
        example: '20',
      }),
      maxWriteConnections: wholeNumber(1, 1000).default(10).register(settingTexts, {
        kind: 'number',
        description:
          'The maximum number of database connections for transactions. Each Acrux server opens up to `database.maxWriteConnections` + `database.maxReadConnections` + 2 connections, which PostgreSQL must accept.',
        placeholder: 'number',
        example: '20',
      }),
      connectionTimeoutSeconds: wholeNumber(1, 300).default(10).register(settingTexts, {
        kind: 'number',
        description:
          'How long a request waits for a database connection, before the request fails with status 503 and `Retry-After`.',
        placeholder: 'seconds',
        example: '5',
      }),
      statementTimeoutSeconds: wholeNumber(1, 3600).default(30).register(settingTexts, {
        kind: 'number',
        description:
          'How long a database statement may take, before the request fails with status 503 and the server closes the connection. This setting also limits how long a request waits if the database is unreachable.',
        placeholder: 'seconds',
        example: '10',
      }),
    },
    { error: 'must be a URL or a mapping' },
  )
  .refine(({ passwordFile, passwordCommand }) => passwordFile === undefined || passwordCommand === undefined, {
    error: 'set either database.passwordFile or database.passwordCommand, not both',
    path: ['passwordCommand'],
  })
  .refine(({ url, directUrl }) => url !== undefined || directUrl === undefined, {
    error: 'also set database to the URL of the connection pooler',
    path: ['directUrl'],
  })
  .prefault({})
