package acrux.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The process of the emulator. It ends when its standard input is closed, so with this process at the latest. */
final class EmulatorProcess {
  private final Process process;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private String ready;

  private EmulatorProcess(Process process) {
    this.process = process;
    Thread reader = new Thread(this::readOutput, "acrux-output");
    reader.setDaemon(true);
    reader.start();
  }

  static EmulatorProcess start(List<String> program, List<String> args, Duration timeout) throws IOException {
    Path folder = Files.createTempDirectory("acrux-");
    Path readyFile = folder.resolve("ready.json");
    try {
      List<String> command = new ArrayList<>(program);
      command.addAll(List.of("emulator", "--until-stdin-closes", "--ready-file", readyFile.toString()));
      command.addAll(args);
      EmulatorProcess emulator = new EmulatorProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
      emulator.awaitReady(readyFile, System.nanoTime() + timeout.toNanos());
      return emulator;
    } finally {
      Files.deleteIfExists(readyFile);
      Files.delete(folder);
    }
  }

  /** The content of the ready file. */
  String ready() {
    return ready;
  }

  String output() {
    return output.toString(StandardCharsets.UTF_8);
  }

  void stop() {
    try {
      process.getOutputStream().close();
    } catch (IOException error) {
      // It has ended already.
    }
    try {
      if (process.waitFor(10, TimeUnit.SECONDS)) return;
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }

  private void awaitReady(Path readyFile, long deadline) throws IOException {
    while (!Files.exists(readyFile)) {
      boolean isLate = System.nanoTime() > deadline;
      if (isLate || !process.isAlive()) {
        String reason = isLate ? "it did not become ready in time" : "it ended with exit code " + process.exitValue();
        stop();
        throw new AcruxStartException("acrux emulator did not start: " + reason + "\n" + output(), null);
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException error) {
        stop();
        Thread.currentThread().interrupt();
        throw new AcruxStartException("the start of acrux emulator was interrupted", error);
      }
    }
    ready = Files.readString(readyFile);
  }

  private void readOutput() {
    byte[] part = new byte[8192];
    try {
      for (int count; (count = process.getInputStream().read(part)) >= 0; ) output.write(part, 0, count);
    } catch (IOException error) {
      // The stream ends with the process.
    }
  }
}
