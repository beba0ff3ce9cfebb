import type { IncomingMessage } from 'node:http'
import type { AuditActor, AuditCredential } from '../../audit/index.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import type { NetworkRules } from '@acrux/shared/standards/azure/network-rules.ts'

/** What a route needs: a signed-in caller, or actions on a resource. */
export type RegistryNeed =
  | { readonly kind: 'signed-in' }
  | {
      readonly kind: 'repository'
      readonly repository: string
      /** All are needed, and the challenge names them. */
      readonly actions: readonly string[]
      /** Any one of these is sufficient instead. The challenge does not name them. */
      readonly anyOf?: readonly string[]
    }
  | { readonly kind: 'catalog'; readonly name: 'catalog' | 'deleted_catalog' | 'repositories' }

/** The registry that a request is for. A registry that is deleted and created again has another `rid`. */
export type HostedRegistry = NetworkRules & {
  /** 32 hexadecimal digits; never reused. */
  readonly rid: string
  readonly name: string
  readonly loginServer: LoginServer
  /** The requested host if it is not a host of the registry; challenges then name this host. */
  readonly reachedAt?: LoginServer
  /** Which rules apply where the OCI specification and ACR differ. */
  readonly compatibility: 'oci' | 'acr'
  readonly policies: { readonly softDeletePolicy: { readonly status: 'enabled' | 'disabled' } }
}

/** Whether deleted content of a registry can be restored for a while. */
export function keepsDeleted({ policies }: HostedRegistry): boolean {
  return policies.softDeletePolicy.status === 'enabled'
}

/** Who wrote content, as it is recorded with the content: the name is the name at the time of the write. */
export type Actor = {
  /** The object id, or the name of a scoped token, of the registry, or of a job of the server. */
  readonly id: string
  readonly name: string
  readonly kind: 'person' | 'servicePrincipal' | 'managedIdentity' | 'token' | 'admin' | 'import' | 'server'
}

/** An admitted caller. */
export type RegistryCaller = {
  /** Unique for each principal. An upload belongs to this key. */
  readonly key: string
  /** The caller, for the audit log. */
  readonly actor: AuditActor
  /** The caller's credential, for the audit log. */
  readonly credential?: AuditCredential | undefined
  /**
   * How many repositories had been deleted when the credential was issued. Its permissions on a repository end with the
   * repository.
   */
  readonly deletionsSeen: number
  /** Whether the caller may also pull from another repository of the same registry. */
  readonly mayPull: (repository: string) => Promise<boolean>
  /** The caller with its present name, to record with what it writes; undefined for an anonymous caller. */
  readonly identify: () => Promise<Actor | undefined>
}

/** The repositories that a caller may list, and what it may do with them. The rights are those of one moment. */
export type RepositoryView = {
  /** Whether the caller may list all repositories, also those that it may not pull. */
  readonly listsAll: boolean
  /**
   * Names that include those of all repositories that the caller may pull: some names, and all that begin with some texts.
   * `any` stands for all names.
   */
  readonly candidates: 'any' | { readonly names: readonly string[]; readonly prefixes: readonly string[] }
  readonly mayPull: (repository: string) => boolean
  /** The actions that the caller may do on a repository. */
  readonly accessTo: (repository: string) => readonly string[]
}

/** A caller that a gate has admitted. */
export type AdmittedCaller = RegistryCaller & {
  /** The present rights to list. No repository, if the credential is no longer valid. */
  readonly repositories: () => Promise<RepositoryView>
}

/** A denial: 401 with the challenge, 403 or 429. */
export type RegistryDenial = {
  readonly status: 401 | 403 | 429
  readonly code: 'UNAUTHORIZED' | 'DENIED' | 'TOOMANYREQUESTS'
  readonly message: string
  readonly detail: unknown
  /** The value of `WWW-Authenticate`, if any. */
  readonly challenge: string | undefined
  /** When to retry, if the caller was throttled. */
  readonly retryAfterSeconds?: number
}

export type Admission =
  | {
      readonly admitted: true
      readonly caller: AdmittedCaller
      /** The authority revision that the decision belongs to. */
      readonly revision: number
    }
  | { readonly admitted: false; readonly denial: RegistryDenial }

/** ACR's classes of requests to the data plane: each has a rate limit of its own. [acr-protocol §1.11] */
export type RateClass = 'read' | 'write' | 'delete' | 'referrers'

/** What a request asks for: its need, and how it counts. */
export type Asked = { readonly need: RegistryNeed; readonly rate: RateClass }

/** Decides whether a caller is admitted. The registry knows nothing of identity or permissions. */
export interface Gate {
  admit(request: IncomingMessage, origin: Origin, registry: HostedRegistry, asked: Asked): Promise<Admission>
  /**
   * Decides again about a request that was admitted before and is under way. The credential may have expired since; everything
   * else must still stand: the credential, its principal, the keys, the permissions and the network rules.
   */
  admitAgain(
    request: IncomingMessage,
    origin: Origin,
    registry: HostedRegistry,
    admitted: { readonly need: RegistryNeed; readonly caller: AdmittedCaller },
  ): Promise<Admission>
  /** The denial of a credential that was issued before the repository was deleted and recreated. */
  denyOutdated(
    origin: Origin,
    registry: HostedRegistry,
    need: RegistryNeed,
    caller: RegistryCaller,
  ): Promise<RegistryDenial>
}

/** Counts pulls and pushes. */
export interface Transfers {
  /** Counts one pull or push of a manifest; a failed one only if the request had credentials. */
  count(rid: string, kind: 'pull' | 'push', succeeded: boolean): void
}

/** Finds the registry of a host. */
export interface WhichRegistry {
  byHost(host: string | undefined): Promise<HostedRegistry | undefined>
  /** Called where no registry has the host: finds the registry that is served at the requested address. */
  atOwnAddress?(request: IncomingMessage): Promise<HostedRegistry | undefined>
}
