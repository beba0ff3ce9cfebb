package acrux.testing;

import java.util.Map;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests an emulator as a parameter of the type {@link Acrux}, and resets it before each test. All classes without options share one
 * emulator; a class with {@code @RegisterExtension static AcruxExtension acrux = new AcruxExtension(options)} has its own. A test that
 * fails reports the last denials.
 */
public final class AcruxExtension implements BeforeEachCallback, AfterTestExecutionCallback, ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(AcruxExtension.class);

  private final Acrux.Options options;

  /** For {@code @ExtendWith}. */
  public AcruxExtension() {
    this(null);
  }

  public AcruxExtension(Acrux.Options options) {
    this.options = options;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    acrux(context).reset();
  }

  @Override
  public void afterTestExecution(ExtensionContext context) {
    if (context.getExecutionException().isEmpty()) return;
    try {
      for (Map<String, Object> denial : acrux(context).decisions(10)) context.publishReportEntry("acrux denied", Json.write(denial));
    } catch (RuntimeException error) {
      context.publishReportEntry("acrux", "the denials are not available: " + error.getMessage());
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Acrux.class;
  }

  @Override
  public Acrux resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return acrux(context);
  }

  /** The emulator is started when it is first needed, and stopped when all tests have run. */
  private Acrux acrux(ExtensionContext context) {
    Object key = options == null ? "shared" : this;
    Acrux.Options chosen = options == null ? new Acrux.Options() : options;
    return context.getRoot().getStore(NAMESPACE).getOrComputeIfAbsent(key, any -> new Stored(Acrux.start(chosen)), Stored.class).acrux();
  }

  private record Stored(Acrux acrux) implements ExtensionContext.Store.CloseableResource {
    @Override
    public void close() {
      acrux.close();
    }
  }
}
