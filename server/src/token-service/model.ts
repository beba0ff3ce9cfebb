import type { AuditActor, AuditCredential } from '../audit/index.ts'
import type { LoginServer } from '../standards/azure/login-server.ts'
import type { NetworkRules } from '../standards/azure/network-rules.ts'

/** What a data-plane route needs of its caller. */
export type DataPlaneNeed =
  | { readonly kind: 'signed-in' }
  | {
      readonly kind: 'repository'
      readonly repository: string
      /** All of them are needed, and a challenge names them. */
      readonly actions: readonly string[]
      /** Any one of these is enough instead. A challenge does not name them. */
      readonly anyOf?: readonly string[]
    }
  | { readonly kind: 'catalog'; readonly name: 'catalog' | 'deleted_catalog' }

/** The registry that a request came to. */
export type RegistryAddress = NetworkRules & {
  readonly rid: string
  readonly name: string
  readonly loginServer: LoginServer
  /** Where the request came, if not to a host of the registry: challenges lead there again. */
  readonly reachedAt?: LoginServer
}

/** Somebody who was let in at the data plane. */
export type DataPlaneCaller = {
  /** The same for the same principal, and for no other. */
  readonly key: string
  readonly actor: AuditActor
  readonly credential?: AuditCredential | undefined
  /** How many repositories had been deleted when the credential was issued. */
  readonly deletionsSeen: number
  readonly mayPull: (repository: string) => boolean | Promise<boolean>
}

/** A refusal with all that its rendering needs. */
export type DataPlaneRefusal = {
  readonly status: 401 | 403 | 429
  readonly code: 'UNAUTHORIZED' | 'DENIED' | 'TOOMANYREQUESTS'
  readonly message: string
  readonly detail: unknown
  /** The value of `WWW-Authenticate`, if any. */
  readonly challenge: string | undefined
  /** When to come again, if that is the reason. */
  readonly retryAfterSeconds?: number
}

export type DataPlaneAdmission =
  | { readonly admitted: true; readonly caller: DataPlaneCaller }
  | { readonly admitted: false; readonly refusal: DataPlaneRefusal }

/** A user name and a password that somebody gave for another registry than the one that they speak to. */
export type PullCredentials = { readonly username: string; readonly password: string }
