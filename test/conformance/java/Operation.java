import com.google.gson.JsonObject;

/** One operation: null or a result when it works, {@link Refused} or {@link Impossible}; throws when it fails. */
interface Operation {
  Object run(Judge judge, JsonObject given) throws Exception;

  /** An operation that has no result. */
  interface Call {
    void run(Judge judge) throws Exception;
  }

  /** Something that is tried. */
  interface Attempt {
    void run() throws Exception;
  }

  static Operation of(Call call) {
    return (judge, given) -> {
      call.run(judge);
      return null;
    };
  }

  static Operation impossible(String why) {
    return (judge, given) -> new Impossible(why);
  }
}

/** The service refused the call as it should. */
record Refused(String what) {}

/** The client cannot do it, whatever the service answers. */
record Impossible(String why) {}
