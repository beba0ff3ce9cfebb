import type { ReactNode } from 'react'

/** Values that are compared with each other: each series has its own scale. */
export type Series = {
  readonly name: string
  readonly tone?: 'brand' | 'danger'
  readonly values: readonly number[]
}

/** What a bar needs to be a link: `BarLink` takes it beside its address. */
export type BarProps = { readonly 'aria-label': string; readonly children: ReactNode; readonly className: string }

/** What a chart shows. */
export type ChartData = {
  /** The name of each place, such as an hour or a path. */
  readonly labels: readonly string[]
  /** What the names are, as the title of their column. */
  readonly labelTitle?: string
  readonly series: readonly Series[]
  readonly format?: (value: number) => string
  /** The texts below the columns, at equal distances. Without them, the first and the last name. */
  readonly ticks?: readonly string[]
  /** The bar as a link to the list of what it counts. Without it, the bars are no links. */
  readonly link?: (bar: BarProps, place: number, series: Series) => ReactNode
}

/** A count, such as `184,210`. */
export const countText = (value: number): string => value.toLocaleString('en')

/** A bar in words. */
export const barText = (label: string, { name }: Series, value: string): string => `${label}: ${name} ${value}`
