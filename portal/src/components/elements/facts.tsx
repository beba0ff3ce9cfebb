import { makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { Name } from './name.tsx'

const narrow = '@media (max-width: 480px)'

const useStyles = makeStyles({
  list: {
    display: 'grid',
    gridTemplateColumns: 'minmax(8rem, max-content) minmax(0, 1fr)',
    columnGap: tokens.spacingHorizontalXL,
    rowGap: tokens.spacingVerticalS,
    margin: 0,
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)', rowGap: 0 },
  },
  name: { color: tokens.colorNeutralForeground2 },
  // Where a value is below its name, it is closer to it than to the next name.
  value: { margin: 0, overflowWrap: 'anywhere', [narrow]: { marginBottom: tokens.spacingVerticalS } },
})

export type Fact = readonly [name: string, value: ReactNode]

/** Names and values. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  const styles = useStyles()
  return (
    <dl className={styles.list}>
      {facts.map(([name, value], index) => [
        <dt key={`n${index}`} className={styles.name}>
          {name}
        </dt>,
        <dd key={`v${index}`} className={styles.value}>
          <Name>{value}</Name>
        </dd>,
      ])}
    </dl>
  )
}
