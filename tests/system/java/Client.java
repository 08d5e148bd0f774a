import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A client as somebody would write one: `produce FILE TOPIC VALUE...` or `consume FILE TOPIC COUNT`,
 * where FILE has the client's properties. It prints the values, or why there are none.
 */
public final class Client {
    private static final long DEADLINE_MILLISECONDS = 30_000;

    public static void main(String[] arguments) throws Exception {
        Properties settings = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(arguments[1]))) {
            settings.load(reader);
        }
        settings.put("max.block.ms", "20000");
        List<String> others = List.of(arguments).subList(3, arguments.length);
        try {
            if (arguments[0].equals("produce")) {
                produce(settings, arguments[2], others);
            } else {
                consume(settings, arguments[2], Integer.parseInt(others.get(0)));
            }
        } catch (Exception refused) {
            Throwable reason = refused.getCause() == null ? refused : refused.getCause();
            System.out.println(reason.getClass().getSimpleName() + ": " + reason.getMessage());
            System.exit(1);
        }
    }

    private static void produce(Properties settings, String topic, List<String> values)
            throws Exception {
        try (var producer =
                new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(topic, value)).get();
            }
        }
    }

    private static void consume(Properties settings, String topic, int count) {
        settings.put("group.id", "java");
        settings.put("auto.offset.reset", "earliest");
        long deadline = System.currentTimeMillis() + DEADLINE_MILLISECONDS;
        try (var consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            for (int seen = 0; seen < count && System.currentTimeMillis() < deadline; ) {
                for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(100))) {
                    System.out.println(each.value());
                    seen++;
                }
            }
        }
    }
}
