import type { Transaction } from '../../platform/sql/database.ts'

/** The person of a valid sign-in. */
export type PortalPerson = {
  readonly objectId: string
  readonly displayName: string
  readonly userPrincipalName: string
  readonly tenantId: string
  readonly signInId: string
}

/** The sign-ins of people. Other modules own these sign-ins. */
export type PortalSignIns = {
  /** The id of the portal as a client of the identity provider, and its redirect URI. */
  readonly client: { readonly clientId: string; readonly redirectUri: string }
  /**
   * The person to whom this access token for ARM belongs. The result is undefined if the sign-in, the person or the token is no longer
   * valid.
   */
  readonly verify: (accessToken: string) => Promise<PortalPerson | undefined>
  readonly hasSecondFactor: (objectId: string) => Promise<boolean>
  readonly end: (transaction: Transaction, signInId: string) => Promise<unknown>
}

/** A session of the portal in one browser. */
export type PortalSession = {
  /** The hash of the session id in the cookie. */
  readonly idHash: string
  readonly objectId: string
  readonly signInId: string
  readonly refreshToken: string
  /** The time at which the person authenticated; 0 if the provider does not report the time. */
  readonly authenticatedAtMs: number
  readonly createdAtMs: number
}

/**
 * Ends the sign-in of a person at the identity provider, in the browser with this `Cookie` header. Returns the `Set-Cookie` header for the
 * response, if the response needs this header.
 */
export type OnSignOut = (
  transaction: Transaction,
  cookieHeader: string | undefined,
  objectId: string,
) => Promise<string | undefined>

/** A registry with the names that addresses and commands use. */
export type NamedRegistry = { readonly name: string; readonly loginServer: string }

/** Finds a registry by its name or by its login server. All tokens of an earlier generation are invalid. */
export type FindRegistry = (
  by: { readonly name: string } | { readonly loginServer: string },
) => Promise<(NamedRegistry & { readonly tokenGeneration: number }) | undefined>

/** The views of a registry that a person can use. The surfaces still check each request. */
export type RegistryAbility =
  'repositories' | 'overview' | 'imports' | 'access' | 'credentials' | 'rules' | 'webhooks' | 'audit' | 'settings'

/** A registry on which the person has a role. */
export type UsableRegistry = NamedRegistry & {
  readonly id: string
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
}

/** The parts of the portal that a person can use. The portal shows only these parts. */
export type Abilities = {
  /** The value is absent if no registry has this name. */
  readonly registry?: Readonly<Record<RegistryAbility, boolean>>
  readonly directory: Readonly<Record<'people' | 'groups' | 'applications' | 'machines' | 'providers', boolean>>
  /** Whether the person can read the state of the server, and the audit log of all registries. */
  readonly server: boolean
  readonly registries: {
    readonly create: boolean
    /** The registries on which the person has a role. */
    readonly usable: readonly UsableRegistry[]
  }
}

/** Finds the parts of the portal that a person can use, and the views of the registry with a name. */
export type FindAbilities = (objectId: string, registry: string | undefined) => Promise<Abilities>
