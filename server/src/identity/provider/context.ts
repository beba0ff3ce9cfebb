import type { Call } from '../../platform/http/surface.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { EnrollmentContext } from '../machines/machine-enrollment.ts'
import type { DeviceEndpointContext } from './device-endpoint.ts'
import type { DiscoveryContext } from './discovery.ts'
import type { TokenEndpointContext } from './token-endpoint.ts'
import type { UserInfoContext } from './user-info.ts'

/** The dependencies of the handlers of the provider. */
export type Context = DiscoveryContext &
  TokenEndpointContext &
  DeviceEndpointContext &
  UserInfoContext &
  EnrollmentContext & { readonly clock: Clock; readonly log: Log }

export type Handler = (context: Context, call: Call<undefined>) => Promise<unknown>
