import type { Seed } from './seed.ts'

/** How {@link startAcrux} starts the emulator. Everything has a default. */
export interface AcruxOptions {
  /** The seed: the path of a YAML or JSON file, or its content as an object. */
  seed?: string | Seed
  /** The port of 127.0.0.1 on which the server listens; a free one by default. */
  port?: number
  /** Serve HTTP instead of HTTPS. The Azure SDKs and `az` need HTTPS. */
  http?: boolean
  /** The PEM files of a certificate authority, instead of the one that the emulator creates for each user. */
  ca?: { cert: string; key: string }
  /** The time of the emulator's clock when it starts: an instant in ISO 8601. The clock runs from there. */
  clock?: string | Date
  /** `azure` adds the delays that Azure documents, such as 10 minutes until a role assignment is effective. */
  realism?: 'instant' | 'azure'
  /** The program `acrux`; by default that of this package. Node runs a file whose name ends in `.cjs`, `.mjs`, `.js` or `.ts`. */
  program?: string
  /**
   * What happens to the log of the emulator: `onFailure`, the default, writes it for a failed test (see {@link Acrux.attach}), `inherit`
   * writes each line to standard error at once, and `silent` writes nothing.
   */
  log?: 'silent' | 'onFailure' | 'inherit'
  /** Whether this process trusts the authority of the emulator, so that `fetch` and the SDKs do; true by default. */
  trust?: boolean
  /** The time limit of the start in milliseconds; 10,000 by default. */
  startTimeoutMs?: number
}

/** A running emulator. Disposing of it stops it. */
export interface Acrux extends AsyncDisposable {
  /** Where all surfaces of the server are, such as `https://localhost:40123`. */
  readonly url: string
  /** The login server of the first registry. */
  readonly loginServer: string
  readonly tenantId: string
  readonly subscriptionId: string
  /** The certificate authority in PEM; empty over HTTP. */
  readonly ca: string
  /** The file of the certificate authority; empty over HTTP. */
  readonly caFile: string
  /** The service principal that owns the subscription. */
  readonly owner: Principal
  /** A registry by its name; the first one by default. Sends no request. */
  registry(name?: string): Registry
  /** Creates a user without permissions. Name and password are generated if they are not given. */
  createUser(options?: { upn?: string; password?: string }): Promise<UserPrincipal>
  /** Creates an application with a service principal and a secret, without permissions. `secretExpiresIn` is a duration such as `30d`. */
  createServicePrincipal(options?: { name?: string; secretExpiresIn?: string }): Promise<ServicePrincipal>
  /** Creates a group with these members. */
  createGroup(name: string, members: readonly Principal[]): Promise<Principal>
  /**
   * A token as an external issuer, such as a CI system, issues one. An application with a federated credential for this issuer and subject
   * accepts it as a client assertion. The emulator signs for every issuer; the default is
   * `https://workloads.acrux.test`.
   */
  workloadToken(options: { subject: string; issuer?: string; audience?: string }): Promise<string>
  /**
   * Assigns a role, by its name or GUID. The scope is a resource id or the name of a registry; the first registry by default. When `revoke`
   * resolves, the permission is revoked.
   */
  grant(
    to: Principal,
    role: string,
    options?: { scope?: string; condition?: string },
  ): Promise<{ id: string; revoke(): Promise<void> }>
  /** A credential for Azure SDKs. It signs a user or service principal in, the owner by default. */
  asUser(principal?: Principal): TokenCredential
  /**
   * Environment variables with which a client uses and trusts the emulator. Clients that store a sign-in get a temporary directory, which is
   * deleted when the emulator stops.
   */
  env(client: Client): Record<string, string>
  /** The clock of the emulator. Client programs and TLS keep real time. */
  readonly clock: AcruxClock
  /** Faults in the responses of the emulator. */
  readonly faults: Faults
  /** The requests that the emulator received, the oldest first. */
  requests(): Promise<RecordedRequest[]>
  /** The last denial, with its reason and its remedy. */
  lastDenial(): Promise<Decision | undefined>
  /** Restores the state after the seed, also of the clock and the faults. The port does not change. */
  reset(): Promise<void>
  /** Stores the state under a name, which is generated if it is not given. Returns the name. */
  snapshot(name?: string): Promise<string>
  /** Restores a stored state. */
  restore(name: string): Promise<void>
  /** What the emulator has written to standard output and standard error. */
  logs(): string
  /**
   * If this test fails, its log and the last denials are written to standard error. Call it with the context of the test, of node:test or
   * Vitest.
   */
  attach(t: object): void
  /** Stops the emulator. It also stops when the test process ends. */
  stop(): Promise<void>
}

/** The clients for which {@link Acrux.env} has variables. */
export type Client = 'az' | 'docker' | 'podman' | 'sdk' | 'terraform' | 'java'

/** A user, service principal or group of the emulator's directory. */
export type Principal = {
  kind: 'User' | 'ServicePrincipal' | 'Group'
  objectId: string
  appId?: string
  secret?: string
  upn?: string
  password?: string
}

/** A user with the password that signs the user in. */
export type UserPrincipal = Principal & { kind: 'User'; upn: string; password: string }

/** A service principal with the secret that signs it in. */
export type ServicePrincipal = Principal & { kind: 'ServicePrincipal'; appId: string; secret: string }

/** A user name and a password, as `docker login` takes them. */
export type Login = Promise<{ username: string; password: string }>

/** A registry of the emulator. */
export interface Registry {
  readonly name: string
  /** The resource id. */
  readonly id: string
  readonly loginServer: string
  /** The user name and password of a principal; by default those of the admin account, which this enables. */
  credentials(options?: { as?: Principal }): Login
  /** An access token of the registry for a scope such as `repository:team/app:pull,push`. */
  accessToken(scope: string, options?: { as?: Principal }): Promise<string>
  /**
   * Creates a scope map and a token with it. The actions are those of scope maps, such as `repositories/team/app/content/read`. `expiresIn`
   * is a duration such as `1h`.
   */
  createToken(options: { name: string; actions: string[]; expiresIn?: string }): Login
  /**
   * Stores an image: that of an OCI layout or archive with `from`, else a generated one. Equal arguments give equal digests.
   */
  seedImage(
    ref: string,
    options?: { from?: string; layers?: number; bytes?: number; platforms?: string[]; subject?: string },
  ): Promise<{ digest: string; reference: string }>
}

/** The clock of an emulator. Durations are texts such as `90s`, `3h` or `30d`. */
export interface AcruxClock {
  now(): Promise<Date>
  advance(by: string): Promise<Date>
  set(to: Date): Promise<Date>
  freeze(): Promise<Date>
}

/** Which requests a fault affects; all public requests by default. */
export interface FaultMatch {
  surface?: 'registry' | 'token' | 'exchange' | 'arm' | 'graph' | 'login'
  method?: string
  /** A glob, such as `/v2/team/**`. */
  path?: string
  repository?: string
  principal?: string
  /** How many requests it affects; all by default. */
  times?: number
}

/** A fault that was added. */
export interface Fault {
  readonly id: string
  remove(): Promise<void>
}

/** The faults of an emulator. */
export interface Faults {
  /** Responds with 429. `retryAfter` is in seconds. */
  throttle(options?: { times?: number; retryAfter?: number; match?: FaultMatch }): Promise<Fault>
  /** Responds with a status from 400 to 599. */
  fail(status: number, match?: FaultMatch): Promise<Fault>
  /** Responds with 401 and a challenge with this error. */
  challenge(kind: 'invalid_token' | 'insufficient_scope', match?: FaultMatch): Promise<Fault>
  /** Delays responses by this many milliseconds. */
  slow(ms: number, match?: FaultMatch): Promise<Fault>
  /** Closes the connection after this many bytes of the body. */
  cut(bytes: number, match?: FaultMatch): Promise<Fault>
  /** Sends nothing more after this many bytes of the body, and keeps the connection open. */
  stall(bytes: number, match?: FaultMatch): Promise<Fault>
  /** Resets the connection. */
  reset(match?: FaultMatch): Promise<Fault>
  /** Changes bytes of the body. */
  corrupt(match?: FaultMatch): Promise<Fault>
  /** Removes all faults. */
  clear(): Promise<void>
}

/** A request that the emulator received. */
export interface RecordedRequest {
  readonly id: string
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** Null without a response. */
  readonly status: number | null
  /** The object id, `admin`, `token:NAME` or `anonymous`, or another name that the request contains. Null without any. */
  readonly principal: string | null
  /** The id of the fault that affected it. */
  readonly fault: string | null
}

/** A denial, and what would change it. */
export interface Decision {
  readonly id: string
  readonly at: string
  readonly principal: string | null
  readonly action: string
  readonly repository: string | null
  /** The first check that failed. */
  readonly reason: string | null
  /** What would allow the request. */
  readonly remedy: string | null
}

/** What the Azure SDKs for JavaScript take as a credential. */
export interface TokenCredential {
  getToken(scopes: string | string[], options?: object): Promise<{ token: string; expiresOnTimestamp: number }>
}
