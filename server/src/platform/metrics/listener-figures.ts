import type { Figure, FigureSample } from './figure.ts'
import type { ListenerCounts } from '../http/listener.ts'

/** The metrics of the addresses that the server listens on. */
export function listenerFigures(counts: () => ListenerCounts): readonly Figure[] {
  const byKey = (label: string, values: Readonly<Record<string, number>>): FigureSample[] =>
    Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }))
  return [
    {
      name: 'acrux_connections',
      help: 'Open connections, and connections whose TLS handshake is not finished.',
      kind: 'gauge',
      labels: { state: ['open', 'handshake'] },
      read: async () => byKey('state', { open: counts().open, handshake: counts().handshakes }),
    },
    {
      name: 'acrux_connections_refused_total',
      help: 'Rejected connections, by the exceeded limit.',
      kind: 'counter',
      labels: { limit: ['total', 'address', 'handshakes'] },
      read: async () => byKey('limit', counts().rejected),
    },
    {
      name: 'acrux_slow_clients_total',
      help: 'Connections that were closed because the client was too slow.',
      kind: 'counter',
      labels: { reason: ['request', 'upload', 'download'] },
      read: async () => byKey('reason', counts().slow),
    },
    {
      name: 'acrux_network_bytes_total',
      help: 'Bytes received and sent on all connections, including TLS.',
      kind: 'counter',
      labels: { direction: ['received', 'sent'] },
      read: async () => byKey('direction', counts().bytes),
    },
  ]
}
