package acrux.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void aDocumentIsRead() {
    String text = " {\"a\": [1, -2.5e1, true, null, {}], \"b\\n\\u00e9\\\"\": \"\\/\"} ";
    Map<String, Object> read = Json.object(Json.parse(text));
    assertEquals(java.util.Arrays.asList(1.0, -25.0, true, null, Map.of()), read.get("a"));
    assertEquals("/", read.get("b\né\""));
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    Map<String, Object> document = Map.of("a\"\\\t", List.of("x", 1.5, true, List.of(), Map.of()));
    assertEquals(document, Json.parse(Json.write(document)));
  }

  @Test
  void textThatIsNotJsonIsRejected() {
    for (String wrong : List.of("", "{", "[1", "\"a", "{\"a\" 1}", "[1] 2", "tru", "x")) {
      assertThrows(IllegalArgumentException.class, () -> Json.parse(wrong), wrong);
    }
  }
}
