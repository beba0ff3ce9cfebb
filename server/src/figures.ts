import type { Figure } from './platform/figures.ts'
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
  ]
}
