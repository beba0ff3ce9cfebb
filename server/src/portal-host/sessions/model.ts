import type { Transaction } from '../../platform/sql/database.ts'

/** The person of a valid sign-in. */
export type PortalPerson = {
  readonly objectId: string
  readonly displayName: string
  readonly userPrincipalName: string
  readonly tenantId: string
  readonly signInId: string
}

/** The sign-ins of people, which other modules own. */
export type PortalSignIns = {
  /** The id of the portal as a client of the identity provider, and its redirect URI. */
  readonly client: { readonly clientId: string; readonly redirectUri: string }
  /** The person whose access token for ARM this is. Undefined once the sign-in, the person or the token is not valid. */
  readonly verify: (accessToken: string) => Promise<PortalPerson | undefined>
  readonly hasSecondFactor: (objectId: string) => Promise<boolean>
  readonly end: (transaction: Transaction, signInId: string) => Promise<unknown>
}

/** A session of the portal in one browser. */
export type PortalSession = {
  /** The hash of the id in the cookie. */
  readonly idHash: string
  readonly objectId: string
  readonly signInId: string
  readonly refreshToken: string
  /** When the person authenticated; 0 if the provider does not say. */
  readonly authenticatedAtMs: number
  readonly createdAtMs: number
}

/**
 * Ends the sign-in of a person at the identity provider, in the browser with this `Cookie` header. Returns the `Set-Cookie` header of
 * the response, if there is one to send.
 */
export type OnSignOut = (
  transaction: Transaction,
  cookieHeader: string | undefined,
  objectId: string,
) => Promise<string | undefined>

/** A registry, as addresses and commands name it. */
export type NamedRegistry = { readonly name: string; readonly loginServer: string }

/** Finds a registry by its name, or by its login server. All tokens of an earlier generation have ended. */
export type FindRegistry = (
  by: { readonly name: string } | { readonly loginServer: string },
) => Promise<(NamedRegistry & { readonly tokenGeneration: number }) | undefined>

/** The views of a registry that a person can use. The surfaces still decide each request. */
export type RegistryAbility =
  'repositories' | 'overview' | 'imports' | 'access' | 'credentials' | 'rules' | 'webhooks' | 'audit' | 'settings'

/** A registry on which the person has a role. */
export type UsableRegistry = NamedRegistry & {
  readonly id: string
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
}

/** What a person can use, so that the portal shows nothing else. */
export type Abilities = {
  /** Absent without a registry of this name. */
  readonly registry?: Readonly<Record<RegistryAbility, boolean>>
  readonly directory: Readonly<Record<'people' | 'groups' | 'applications' | 'machines' | 'providers', boolean>>
  /** Whether the person sees the state of the server, and the audit log of all registries. */
  readonly server: boolean
  readonly registries: {
    readonly create: boolean
    /** The registries on which the person has a role. */
    readonly usable: readonly UsableRegistry[]
  }
}

/** Finds what a person can use, and what in the registry with a name. */
export type FindAbilities = (objectId: string, registry: string | undefined) => Promise<Abilities>
