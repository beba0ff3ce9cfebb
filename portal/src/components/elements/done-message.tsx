import { MessageBar, MessageBarBody } from '@fluentui/react-components'

/** Says that an action was completed. */
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
