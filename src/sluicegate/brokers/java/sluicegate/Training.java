package sluicegate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A node that is its own client for a few seconds and then ends, so that the JVM keeps what serving
 * takes: administration, records and groups on every listener, and TLS.
 */
public final class Training {
    private static final String TOPIC = "training";
    private static final int RECORDS = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private Training() {}

    /** Arguments: as the launcher's, then a file of what clients are configured with. */
    public static void main(String[] arguments) throws IOException {
        int last = arguments.length - 1;
        Properties clients = new Properties();
        try (var reader = Files.newBufferedReader(Path.of(arguments[last]))) {
            clients.load(reader);
        }
        Thread thread = new Thread(() -> trainAndEnd(clients), "training");
        thread.setDaemon(true);
        thread.start();
        Launcher.main(Arrays.copyOf(arguments, last));
    }

    private static void trainAndEnd(Properties clients) {
        try {
            administer(of("admin", clients));
            for (String client : List.of("plain", "tls", "scram")) {
                exchange(of(client, clients), client);
            }
            System.exit(0);
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    /** What stands in the file behind `client.`. */
    private static Properties of(String client, Properties clients) {
        Properties found = new Properties();
        String prefix = client + ".";
        clients.forEach((name, value) -> {
            if (name.toString().startsWith(prefix)) {
                found.put(name.toString().substring(prefix.length()), value);
            }
        });
        return found;
    }

    private static void administer(Properties properties) throws Exception {
        String user = (String) properties.remove("user");
        String password = (String) properties.remove("password");
        try (Admin admin = Admin.create(properties)) {
            var how = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096);
            var upsertion = new UserScramCredentialUpsertion(user, how, password);
            admin.alterUserScramCredentials(List.of(upsertion)).all().get();
            var topic = new NewTopic(TOPIC, Optional.of(1), Optional.empty());
            admin.createTopics(List.of(topic)).all().get();
            admin.describeTopics(List.of(TOPIC)).allTopicNames().get();
        }
    }

    private static void exchange(Properties properties, String group) throws Exception {
        var bytes = new ByteArraySerializer();
        try (var producer = new KafkaProducer<>(properties, bytes, bytes)) {
            Future<?> last = null;
            for (int number = 0; number < RECORDS; number++) {
                last = producer.send(new ProducerRecord<>(TOPIC, new byte[100]));
            }
            last.get();
        }
        properties.putAll(Map.of("group.id", group, "auto.offset.reset", "earliest"));
        var plain = new ByteArrayDeserializer();
        try (var consumer = new KafkaConsumer<>(properties, plain, plain)) {
            consumer.subscribe(List.of(TOPIC));
            long end = System.nanoTime() + PATIENCE.toNanos();
            for (int seen = 0; seen < RECORDS && System.nanoTime() < end; ) {
                seen += consumer.poll(Duration.ofMillis(200)).count();
            }
            consumer.commitSync();
        }
    }
}
