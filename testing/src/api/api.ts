import type { Seed } from './seed.ts'

/** The options with which {@link startAcrux} starts the emulator. Every option has a default. */
export interface AcruxOptions {
  /** The seed: the path of a YAML or JSON file, or the content of the file as an object. */
  seed?: string | Seed
  /** The port of 127.0.0.1 on which the server listens. By default, the port is a free port. */
  port?: number
  /** Whether to serve HTTP instead of HTTPS. The Azure SDKs and `az` need HTTPS. */
  http?: boolean
  /** The PEM files of a certificate authority. They replace the authority that the emulator creates for each user. */
  ca?: { cert: string; key: string }
  /** The initial time of the emulator's clock: an instant in ISO 8601. The clock runs from this time. */
  clock?: string | Date
  /** `azure` adds the delays that Azure documents, such as 10 minutes until a role assignment is effective. */
  realism?: 'instant' | 'azure'
  /** The program `acrux`. By default, the package's own program. Node runs a file whose name ends in `.cjs`, `.mjs`, `.js` or `.ts`. */
  program?: string
  /**
   * What happens to the log of the emulator: `onFailure`, the default, writes it for a failed test (see {@link Acrux.attach}), `inherit`
   * writes each line to standard error at once, and `silent` writes nothing.
   */
  log?: 'silent' | 'onFailure' | 'inherit'
  /** Whether this process trusts the authority of the emulator. `fetch` and the SDKs then accept its certificate. The default is true. */
  trust?: boolean
  /** The time limit of the start in milliseconds. The default is 10,000. */
  startTimeoutMs?: number
}

/** A running emulator. Disposing of it stops it. */
export interface Acrux extends AsyncDisposable {
  /** The URL of all surfaces of the server, such as `https://localhost:40123`. */
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
  /** A registry by its name. By default, the first registry. The function sends no request. */
  registry(name?: string): Registry
  /** Creates a user without permissions. If no name or password is given, the emulator generates it. */
  createUser(options?: { upn?: string; password?: string }): Promise<UserPrincipal>
  /** Creates an application with a service principal and a secret, without permissions. `secretExpiresIn` is a duration such as `30d`. */
  createServicePrincipal(options?: { name?: string; secretExpiresIn?: string }): Promise<ServicePrincipal>
  /** Creates a group with these members. */
  createGroup(name: string, members: readonly Principal[]): Promise<Principal>
  /**
   * A token in the name of an external issuer, such as a CI system. An application with a federated credential for this issuer and subject
   * accepts it as a client assertion. The emulator signs for every issuer; the default is `https://workloads.acrux.test`.
   */
  workloadToken(options: { subject: string; issuer?: string; audience?: string }): Promise<string>
  /**
   * Assigns a role, by its name or GUID. The scope is a resource id or the name of a registry. The default scope is the first registry.
   * When the promise of `revoke` resolves, the permission is revoked.
   */
  grant(
    to: Principal,
    role: string,
    options?: { scope?: string; condition?: string },
  ): Promise<{ id: string; revoke(): Promise<void> }>
  /** A credential for Azure SDKs. The credential signs in a user or service principal. The default is the owner. */
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
  /** Restores the state after the seed, including the state of the clock and the faults. The port does not change. */
  reset(): Promise<void>
  /** Stores the state under a name and returns the name. Without a given name, the emulator generates a name. */
  snapshot(name?: string): Promise<string>
  /** Restores a stored state. */
  restore(name: string): Promise<void>
  /** The text that the emulator has written to standard output and standard error. */
  logs(): string
  /**
   * If the given test fails, the emulator's log and the last denials are written to standard error. Call this function with the context of
   * the test in node:test or Vitest.
   */
  attach(t: object): void
  /** Stops the emulator. It also stops when the test process ends. */
  stop(): Promise<void>
}

/** The clients for which {@link Acrux.env} returns variables. */
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

/** A user with the password for the sign-in. */
export type UserPrincipal = Principal & { kind: 'User'; upn: string; password: string }

/** A service principal with the secret for the sign-in. */
export type ServicePrincipal = Principal & { kind: 'ServicePrincipal'; appId: string; secret: string }

/** A user name and a password for `docker login`. */
export type Login = Promise<{ username: string; password: string }>

/** A registry of the emulator. */
export interface Registry {
  readonly name: string
  /** The resource id of the registry. */
  readonly id: string
  readonly loginServer: string
  /** The user name and password of a principal. By default, the function enables the admin account and returns its credential. */
  credentials(options?: { as?: Principal }): Login
  /** An access token of the registry for a scope such as `repository:team/app:pull,push`. */
  accessToken(scope: string, options?: { as?: Principal }): Promise<string>
  /**
   * Creates a scope map and a scoped token that uses it. The actions are the actions of scope maps, such as
   * `repositories/team/app/content/read`. `expiresIn` is a duration such as `1h`.
   */
  createToken(options: { name: string; actions: string[]; expiresIn?: string }): Login
  /**
   * Stores an image. With `from`, the image comes from an OCI layout or archive; otherwise the image is generated. Equal arguments give
   * equal digests.
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

/** The requests that a fault affects. By default, a fault affects all public requests. */
export interface FaultMatch {
  surface?: 'registry' | 'token' | 'exchange' | 'arm' | 'graph' | 'login'
  method?: string
  /** A glob pattern for the path, such as `/v2/team/**`. */
  path?: string
  repository?: string
  principal?: string
  /** The number of requests that the fault affects. By default, the fault affects all requests. */
  times?: number
}

/** A fault that was added to the emulator. */
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
  /** The path without the query. */
  readonly path: string
  /** The status; null without a response. */
  readonly status: number | null
  /**
   * The object id, `admin`, `token:NAME` or `anonymous`, or another name that the request contains. Null if the request contains no name.
   */
  readonly principal: string | null
  /** The id of the fault that affected the request. */
  readonly fault: string | null
}

/** A denial, and the change that would allow the request. */
export interface Decision {
  readonly id: string
  readonly at: string
  readonly principal: string | null
  readonly action: string
  readonly repository: string | null
  /** The first check that failed. */
  readonly reason: string | null
  /** The change that would allow the request. */
  readonly remedy: string | null
}

/** A credential in the form that the Azure SDKs for JavaScript require. */
export interface TokenCredential {
  getToken(scopes: string | string[], options?: object): Promise<{ token: string; expiresOnTimestamp: number }>
}
