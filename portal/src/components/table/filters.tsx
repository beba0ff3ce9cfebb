import {
  Button,
  Input,
  Menu,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components'
import { FilterRegular } from '@fluentui/react-icons'
import { useEffect, useState } from 'react'
import { maxValueLength } from '../elements/search-params.ts'
import { tableTexts } from '../texts/table.ts'

const delayMs = 150

const useStyles = makeStyles({
  filter: {
    // Chips stay in the same line, if there is space for a narrower field.
    flexGrow: 1,
    width: '13rem',
    maxWidth: '18.75rem',
    minWidth: '8rem',
    '@media (max-width: 720px)': { width: '12rem', minHeight: '2.75rem' },
  },
  key: {
    padding: '0 0.3rem',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase100,
    '@media (max-width: 720px)': { display: 'none' },
  },
  chip: {
    minWidth: 0,
    fontWeight: tokens.fontWeightRegular,
    fontSize: tokens.fontSizeBase200,
    '@media (max-width: 720px)': { minHeight: '2.75rem' },
  },
  chosen: { backgroundColor: tokens.colorBrandBackground2, color: tokens.colorBrandForeground2 },
})

type TextFilterProps = { readonly label: string; readonly text: string; readonly onFilter: (text: string) => void }

/** The text that a list is filtered by. It is reported when the person stops typing. The key / leads to it. */
export function TextFilter({ label, text, onFilter }: TextFilterProps) {
  const styles = useStyles()
  const [typed, setTyped] = useState(text)
  useEffect(() => setTyped(text), [text])
  useEffect(() => {
    if (typed === text) return
    const timer = setTimeout(() => onFilter(typed), delayMs)
    return () => clearTimeout(timer)
  }, [typed, text, onFilter])
  return (
    <Input
      type="search"
      className={styles.filter}
      aria-label={label}
      placeholder={label}
      maxLength={maxValueLength}
      value={typed}
      onChange={(_event, { value }) => setTyped(value)}
      contentBefore={<FilterRegular />}
      contentAfter={
        <kbd aria-hidden className={styles.key}>
          /
        </kbd>
      }
      data-filter
    />
  )
}

type FilterMenuProps<Value extends string> = {
  readonly label: string
  /** The values and their texts. */
  readonly options: Readonly<Record<Value, string>>
  readonly chosen: Value | undefined
  readonly onChoose: (value: Value | undefined) => void
}

/** A filter with one of some values. */
export function FilterMenu<Value extends string>({ label, options, chosen, onChoose }: FilterMenuProps<Value>) {
  const styles = useStyles()
  const all = Object.entries<string>(options)
  return (
    <Menu
      checkedValues={{ filter: [chosen ?? ''] }}
      onCheckedValueChange={(_event, { checkedItems }) => {
        const [value] = all.find(([each]) => each === checkedItems[0]) ?? []
        onChoose(value as Value | undefined)
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button
          size="small"
          shape="circular"
          className={mergeClasses(styles.chip, chosen !== undefined && styles.chosen)}
        >
          {chosen === undefined ? label : `${label}: ${options[chosen]}`}
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItemRadio name="filter" value="">
            {tableTexts.any}
          </MenuItemRadio>
          {all.map(([value, text]) => (
            <MenuItemRadio key={value} name="filter" value={value}>
              {text}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}

type FilterToggleProps = { readonly label: string; readonly isOn: boolean; readonly onToggle: (isOn: boolean) => void }

/** A filter that is on or off. */
export function FilterToggle({ label, isOn, onToggle }: FilterToggleProps) {
  const styles = useStyles()
  return (
    <Button
      size="small"
      shape="circular"
      aria-pressed={isOn}
      className={mergeClasses(styles.chip, isOn && styles.chosen)}
      onClick={() => onToggle(!isOn)}
    >
      {label}
    </Button>
  )
}
