import type { ReactElement } from 'react'

/** The groups of the palette, in their order. */
export const paletteGroups = ['repositories', 'content', 'principals', 'actions', 'pages'] as const
export type PaletteGroup = (typeof paletteGroups)[number]

/** A row of the palette. */
export type PaletteItem = {
  readonly group: PaletteGroup
  readonly key: string
  readonly icon: ReactElement
  readonly label: string
  readonly detail?: string
  /** The keys that do the same without the palette. */
  readonly keys?: string
  /** What Enter does. */
  readonly open: () => void
  /** The pull command that Ctrl-Enter copies. */
  readonly pullCommand?: () => Promise<string>
}
