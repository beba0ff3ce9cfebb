import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Switch,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { setSingleKeys, useSingleKeys } from '../elements/single-keys.ts'
import { useReturnOfFocus } from '../elements/use-return-of-focus.ts'
import { texts } from '../texts/texts.ts'

const useStyles = makeStyles({
  list: {
    display: 'grid',
    gridTemplateColumns: 'auto 1fr',
    columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalS,
    margin: 0,
  },
  keys: { margin: 0, fontFamily: tokens.fontFamilyMonospace },
  text: { margin: 0 },
})

/** The keys of the portal. */
export function KeyList({ onClose }: { readonly onClose: () => void }) {
  const styles = useStyles()
  const isOn = useSingleKeys()
  useReturnOfFocus()
  return (
    <Dialog open onOpenChange={onClose}>
      <DialogSurface aria-describedby={undefined}>
        <DialogBody>
          <DialogTitle>{texts.header.keys}</DialogTitle>
          <DialogContent>
            <dl className={styles.list}>
              {texts.keys.list.map(([keys, text]) => [
                <dt key={keys} className={styles.keys}>
                  {keys}
                </dt>,
                <dd key={text} className={styles.text}>
                  {text}
                </dd>,
              ])}
            </dl>
            <Switch
              label={texts.keys.single}
              checked={isOn}
              onChange={(_event, { checked }) => setSingleKeys(checked)}
            />
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={onClose}>
              {texts.close}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
