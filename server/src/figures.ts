import type { Figure } from './platform/figures.ts'
import { passwordHashFigures } from './platform/password-hash.ts'
import type { WriterWatch } from './platform/sql/writer-watch.ts'

type FigureSources = { readonly writerWatch: WriterWatch }

/**
 * The table of everything that the modules show at `/metrics`. To add a row, take what the module exports into
 * {@link FigureSources}, and add the metric to `docs/monitoring.md`.
 */
export function figuresOf({ writerWatch }: FigureSources): readonly Figure[] {
  return [
    {
      name: 'acrux_database_writer_stuck_seconds',
      help: 'Time since the last transaction that could be committed, while none can; otherwise 0.',
      kind: 'gauge',
      read: () => writerWatch.stuckMs() / 1000,
    },
    {
      name: 'acrux_password_hashes',
      help: 'Password hashes that are computed or wait for their turn.',
      kind: 'gauge',
      labels: { state: ['running', 'waiting'] },
      read: () => {
        const { running, waiting } = passwordHashFigures()
        return [
          { labels: { state: 'running' }, value: running },
          { labels: { state: 'waiting' }, value: waiting },
        ]
      },
    },
    {
      name: 'acrux_password_hashes_rejected_total',
      help: 'Password hashes that were rejected because too many waited.',
      kind: 'counter',
      read: () => passwordHashFigures().rejected,
    },
  ]
}
