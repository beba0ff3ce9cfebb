import { MessageBar, MessageBarBody } from '@fluentui/react-components'

/** Says that an act was carried out. */
export function DoneMessage({ text }: { readonly text: string | undefined }) {
  return (
    <div role="status">
      {text !== undefined && (
        <MessageBar intent="success">
          <MessageBarBody>{text}</MessageBarBody>
        </MessageBar>
      )}
    </div>
  )
}
