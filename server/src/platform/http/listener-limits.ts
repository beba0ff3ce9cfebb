import { descriptorLimit } from '../process/descriptor-limit.ts'
import { connectionLimits } from './connection-limits.ts'
import type { ListenerOptions } from './listener.ts'
import { usualSlowClientLimits } from './slow-clients.ts'

/** The settings that limit connections. */
export type TrafficSettings = NonNullable<Parameters<typeof connectionLimits>[1]> & {
  readonly requestSeconds: number
  readonly minUploadBytesPerSecond: number
  readonly minDownloadBytesPerSecond: number
  readonly slowClientSeconds: number
}

/**
 * The limits of a listener, for the descriptor limit of this process.
 *
 * @param isForwarding whether a connection may need three descriptors: one for the connection, and two for the ends of
 * a connection to the main thread
 */
export function listenerLimits(
  limits: TrafficSettings,
  isForwarding = false,
): Pick<ListenerOptions, 'connections' | 'slowClients'> {
  const descriptors = descriptorLimit()
  return {
    connections: connectionLimits(isForwarding ? Math.floor(descriptors / 2) : descriptors, limits),
    slowClients: {
      ...usualSlowClientLimits,
      requestMs: limits.requestSeconds * 1000,
      firstRequestMs: limits.requestSeconds * 1000,
      minUploadBytesPerSecond: limits.minUploadBytesPerSecond,
      minDownloadBytesPerSecond: limits.minDownloadBytesPerSecond,
      windowMs: limits.slowClientSeconds * 1000,
    },
  }
}
