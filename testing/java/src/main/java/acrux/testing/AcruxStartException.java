package acrux.testing;

/** The emulator did not start. The message has its output. */
public final class AcruxStartException extends RuntimeException {
  private static final long serialVersionUID = 1;

  AcruxStartException(String message, Throwable cause) {
    super(message, cause);
  }
}
