import type { IncomingMessage } from 'node:http'
import type { AuditActor, AuditCredential } from '../../audit/index.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { LoginServer } from '../../standards/azure/login-server.ts'
import type { NetworkRules } from '../../standards/azure/network-rules.ts'

/** What a route needs of its caller: nothing but being known, or actions on a resource. */
export type RegistryNeed =
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

/** Whose host a request came to. A registry that is deleted and made again is another one: its `rid` differs. */
export type HostedRegistry = NetworkRules & {
  /** 32 hexadecimal digits, never used twice. */
  readonly rid: string
  readonly name: string
  readonly loginServer: LoginServer
  /** Where the request came, if not to a host of the registry: challenges lead there again. */
  readonly reachedAt?: LoginServer
  /** Whose rules hold where the OCI specification and ACR differ. */
  readonly compatibility: 'oci' | 'acr'
  readonly policies: { readonly softDeletePolicy: { readonly status: 'enabled' | 'disabled' } }
}

/** Whether what is deleted in a registry can be restored for a while. */
export function keepsDeleted({ policies }: HostedRegistry): boolean {
  return policies.softDeletePolicy.status === 'enabled'
}

/** Somebody who was let in. */
export type RegistryCaller = {
  /** The same for the same principal, and for no other: what an upload is bound to. */
  readonly key: string
  /** The caller as the audit trail names it. */
  readonly actor: AuditActor
  /** The credential that proved them, as the audit trail names it. */
  readonly credential?: AuditCredential | undefined
  /** How many repositories had been deleted when the credential in hand was issued; a right on a repository ends with the repository. */
  readonly deletionsSeen: number
  /** Whether the caller may, besides what the route needs, pull from another repository of the same registry. */
  readonly mayPull: (repository: string) => boolean | Promise<boolean>
}

/** A refusal, ready to be rendered: 401 with the challenge, or 403. */
export type RegistryRefusal = {
  readonly status: 401 | 403 | 429
  readonly code: 'UNAUTHORIZED' | 'DENIED' | 'TOOMANYREQUESTS'
  readonly message: string
  readonly detail: unknown
  /** The value of `WWW-Authenticate`, if any. */
  readonly challenge: string | undefined
  /** When to come again, if that is the reason. */
  readonly retryAfterSeconds?: number
}

export type Admission =
  | { readonly admitted: true; readonly caller: RegistryCaller }
  | { readonly admitted: false; readonly refusal: RegistryRefusal }

/** May this caller do this here? The registry asks, and knows nothing of how it is answered. */
export interface Gate {
  admit(
    request: IncomingMessage,
    origin: Origin,
    registry: HostedRegistry,
    need: RegistryNeed,
  ): Admission | Promise<Admission>
  /** The refusal of a credential that was issued before the repository it is used on was deleted. */
  refuseOutdated(
    origin: Origin,
    registry: HostedRegistry,
    need: RegistryNeed,
    caller: RegistryCaller,
  ): Promise<RegistryRefusal>
}

/** Counts what is pulled and pushed. */
export interface Transfers {
  /** One manifest was pulled or pushed, or was not although a caller with credentials asked for it. */
  count(rid: string, kind: 'pull' | 'push', succeeded: boolean): void
}

/** Whose host is this? `undefined` when nobody's. */
export interface WhichRegistry {
  byHost(host: string | undefined): HostedRegistry | undefined | Promise<HostedRegistry | undefined>
  /** Asked where no registry has the host: the registry that is served at the address at which the request came. */
  atOwnAddress?(request: IncomingMessage): HostedRegistry | undefined | Promise<HostedRegistry | undefined>
}
