import { makeStyles, tokens } from '@fluentui/react-components'
import { type MouseEvent, useEffect, useRef } from 'react'

const useStyles = makeStyles({
  // The place that can be touched is larger than the box.
  label: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    width: '2.25rem',
    height: '2.25rem',
    marginInline: '-0.625rem',
    cursor: 'pointer',
  },
  box: {
    width: '1rem',
    height: '1rem',
    margin: 0,
    accentColor: tokens.colorCompoundBrandBackground,
    cursor: 'pointer',
  },
})

type SelectBoxProps = {
  readonly label: string
  readonly isChecked: boolean
  readonly isPartly?: boolean
  readonly onSelect: (isRange: boolean) => void
}

/** The box that selects a row, or all rows. With Shift, it selects a range. */
export function SelectBox({ label, isChecked, isPartly = false, onSelect }: SelectBoxProps) {
  const styles = useStyles()
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = isPartly
  }, [isPartly])
  // The click on the label is followed by a click on the box.
  const onClick = (event: MouseEvent) => event.stopPropagation()
  return (
    <label className={styles.label} onClick={onClick}>
      <input
        ref={box}
        type="checkbox"
        className={styles.box}
        aria-label={label}
        checked={isChecked}
        onChange={({ nativeEvent }) => onSelect('shiftKey' in nativeEvent && nativeEvent.shiftKey === true)}
      />
    </label>
  )
}
