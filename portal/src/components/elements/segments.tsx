import { ToggleButton, makeStyles } from '@fluentui/react-components'

const useStyles = makeStyles({
  group: { display: 'inline-flex', flexWrap: 'wrap', maxWidth: '100%' },
  segment: { minWidth: 0, borderRadius: 0, whiteSpace: 'nowrap' },
})

type SegmentsProps<Name extends string> = {
  /** The name of the choice, for screen readers. */
  readonly label: string
  /** The values in their order, and their texts. */
  readonly options: Readonly<Record<Name, string>>
  readonly chosen: Name
  readonly onChoose: (name: Name) => void
}

/** A choice between a few values, which are all shown. */
export function Segments<Name extends string>({ label, options, chosen, onChoose }: SegmentsProps<Name>) {
  const styles = useStyles()
  return (
    <span className={styles.group} role="group" aria-label={label}>
      {Object.entries<string>(options).map(([name, text]) => (
        <ToggleButton
          key={name}
          className={styles.segment}
          appearance={name === chosen ? 'primary' : 'secondary'}
          checked={name === chosen}
          onClick={() => onChoose(name as Name)}
        >
          {text}
        </ToggleButton>
      ))}
    </span>
  )
}
