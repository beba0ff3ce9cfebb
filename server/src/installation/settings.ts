import type { MasterKeySource } from '../platform/keys/master-key-source.ts'
import type { PostgresAddress } from '../platform/sql/postgres-address.ts'
import type { Migration } from '../platform/sql/migrations.ts'

/** The settings of the database. Without `url`, the database is a file in the data directory. */
export type DatabaseSettings = {
  readonly url?: PostgresAddress | undefined
  /** The address of PostgreSQL itself, if `url` is the address of a connection pooler. */
  readonly directUrl?: PostgresAddress | undefined
  readonly passwordFile?: string | undefined
  readonly passwordCommand?: string | undefined
  readonly caFile?: string | undefined
  readonly maxReadConnections: number
  readonly maxWriteConnections: number
  readonly connectionTimeoutSeconds: number
  readonly statementTimeoutSeconds: number
}

/** The settings of the store of blobs. */
export type StorageSettings = {
  readonly kind: 'filesystem' | 'azure-blob' | 's3'
  /** The prefix of the name of each object. The prefix is empty or ends with a slash. */
  readonly prefix: string
  /** Whether the server redirects clients to the store. */
  readonly redirect: boolean
  readonly azureBlob: {
    readonly endpoint?: string | undefined
    readonly container?: string | undefined
    readonly keyFile?: string | undefined
    readonly sasFile?: string | undefined
  }
  readonly s3: {
    readonly bucket?: string | undefined
    readonly region: string
    readonly endpoint?: string | undefined
    readonly pathStyle: boolean
    readonly checksums: 'when-supported' | 'when-required'
  }
}

/** The settings of the ACME provider. Without `directory`, no provider is configured. */
export type AcmeSettings = {
  readonly directory?: string | undefined
  readonly email?: string | undefined
  /** The address at which the server answers challenges, if it does not answer them during a TLS handshake. */
  readonly httpListen?: object | undefined
  readonly caFile?: string | undefined
  readonly eabKeyId?: string | undefined
  readonly eabKeyFile?: string | undefined
}

/** The settings that select the master key. */
export type KeyPlace = { readonly dataDir: string; readonly masterKey?: MasterKeySource | undefined }

/** The settings that select the database, and the key that seals its secrets. */
export type DatabasePlace = KeyPlace & {
  readonly database: DatabaseSettings
  /** The migrations of all modules of this version. */
  readonly migrations: readonly Migration[]
}

/** The settings that select the store of blobs, and the hosts that the store must not have. */
export type StoragePlace = {
  readonly storage: StorageSettings
  readonly publicHost: string
  /** The suffix of the login servers of the registries. */
  readonly suffix: string
}
