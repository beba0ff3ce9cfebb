import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { Children, type ReactNode } from 'react'

const useStyles = makeStyles({
  line: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalL,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
    color: tokens.colorNeutralForeground2,
    overflowWrap: 'anywhere',
    '& b': { color: tokens.colorNeutralForeground1, fontWeight: tokens.fontWeightSemibold },
  },
  wide: { '@media (max-width: 480px)': { display: 'none' } },
})

type FactLineProps = {
  readonly children: ReactNode
  /** Whether the line is absent on a phone, where the rows of the list come first. */
  readonly isWideOnly?: boolean
}

/** The facts about what a view shows, in one line below its heading. */
export function FactLine({ children, isWideOnly = false }: FactLineProps) {
  const styles = useStyles()
  return (
    <div className={mergeClasses(styles.line, isWideOnly && styles.wide)}>
      {Children.toArray(children).map((fact, index) => (
        // The place of a fact is its only identity.
        <span key={`fact-${index.toString()}`}>{fact}</span>
      ))}
    </div>
  )
}
